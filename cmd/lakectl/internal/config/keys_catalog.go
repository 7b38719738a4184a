package config

var catalogKeys = []Key{
	{
		name: "catalog.type", def: "sqlite", about: "which kind of Iceberg catalog", oneOf: []string{"sqlite", "postgres", "rest"},
		field: func(c *Config) any { return &c.Catalog.Type },
	},
	{
		name: "catalog.name", def: "lake", about: "name of the catalog in its own rows; the same for every engine",
		field: func(c *Config) any { return &c.Catalog.Name },
	},
	{
		name: "catalog.uri", def: "./lakehouse/catalog.db", about: "sqlite: the database file; postgres: the connection URI; rest: the address", secrecy: mayHoldSecret,
		field: func(c *Config) any { return &c.Catalog.URI.value },
	},
	{
		name: "catalog.uri_file", about: "file that holds catalog.uri, when there is a password in it", example: "/run/secrets/catalog-uri",
		field: func(c *Config) any { return &c.Catalog.URI.file },
	},
	{
		name: "catalog.warehouse", def: "./lakehouse/warehouse", about: "folder or URI under which new tables are made",
		field: func(c *Config) any { return &c.Catalog.Warehouse },
	},
	{
		name: "catalog.rest.warehouse", about: "name under which the REST catalog knows the warehouse, where it serves several", example: "music",
		field: func(c *Config) any { return &c.Catalog.Rest.Warehouse },
	},
	{
		name: "catalog.rest.token", about: "bearer token for the REST catalog; only as a variable, or in catalog.rest.token_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Catalog.Rest.Token.value },
	},
	{
		name: "catalog.rest.token_file", about: "file that holds the token", example: "/run/secrets/catalog-token",
		field: func(c *Config) any { return &c.Catalog.Rest.Token.file },
	},
	{
		name: "catalog.rest.credential", about: "ID:SECRET of OAuth2 client credentials for the REST catalog; only as a variable, or in catalog.rest.credential_file", secrecy: isSecret,
		field: func(c *Config) any { return &c.Catalog.Rest.Credential.value },
	},
	{
		name: "catalog.rest.credential_file", about: "file that holds the credential", example: "/run/secrets/catalog-credential",
		field: func(c *Config) any { return &c.Catalog.Rest.Credential.file },
	},
	{
		name: "catalog.rest.auth_uri", about: "where the credential becomes a token; the REST catalog itself by default", form: isHTTP, example: "https://auth.example.com/token",
		field: func(c *Config) any { return &c.Catalog.Rest.AuthURI },
	},
	{
		name: "catalog.rest.scope", def: "catalog", about: "what the token is asked for",
		field: func(c *Config) any { return &c.Catalog.Rest.Scope },
	},
	{
		name: "catalog.s3.endpoint", about: "S3 endpoint of the warehouse, when it is not AWS", form: isHTTP, example: "https://s3.example.com",
		field: func(c *Config) any { return &c.Catalog.S3.Endpoint },
	},
	{
		name: "catalog.s3.region", about: "S3 region of the warehouse", example: "eu-central-1",
		field: func(c *Config) any { return &c.Catalog.S3.Region },
	},
	{
		name: "catalog.s3.path_style", about: "whether the bucket stands in the path of requests, not in the host name; by default where an endpoint is set", oneOf: []string{"true", "false"},
		field: func(c *Config) any { return &c.Catalog.S3.PathStyle },
	},
	{
		name: "catalog.s3.copies", def: "./lakehouse/copies", about: "folder for local copies of files on S3, which queries read",
		field: func(c *Config) any { return &c.Catalog.S3.Copies },
	},
	{
		name: "catalog.s3.copies_limit", def: "20GiB", about: "disk for these copies; what was not used for the longest time goes, but nothing of the last hour", least: 1 << 20,
		field: func(c *Config) any { return &c.Catalog.S3.CopiesLimit },
	},
	{
		name: "catalog.s3.copies_whole_below", def: "16MiB", about: "files of this size or more are fetched by the columns that are read, smaller ones whole; larger where requests are dear, smaller where bytes are", least: 1,
		field: func(c *Config) any { return &c.Catalog.S3.WholeBelow },
	},
	{
		name: "catalog.mode", def: "private", about: "who may read a new lake: its owner, or its group too; an existing lake keeps the mode of its warehouse folder", oneOf: []string{"private", "group"},
		field: func(c *Config) any { return &c.Catalog.Mode },
	},
	{
		name: "catalog.subject_key_file", about: "file with the key of the subject hash; beside a sqlite catalog by default", example: "/run/secrets/subject-key",
		field: func(c *Config) any { return &c.Catalog.SubjectKeyFile },
	},
	{
		name: "catalog.certificate_dir", about: "folder with the key and the log of certificates of erasure; beside the subject key by default", example: "/data/certificate",
		field: func(c *Config) any { return &c.Catalog.CertificateDir },
	},
}
