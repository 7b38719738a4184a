-- What stretch says, as constants of the statements that make rows: a join with it would cost as much as they do.
-- Grain: none. Relations: stretch.
SET VARIABLE first = (SELECT first FROM stretch);
SET VARIABLE days = (SELECT days FROM stretch);
SET VARIABLE share = (SELECT share FROM stretch);
SET VARIABLE salt = (SELECT salt FROM stretch);
