package topic

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// Members of a group tell each other which lake they archive into, in the user data of the group protocol: two lakes in
// one group would each archive a part. The leader gives partitions to members of its own lake only, so the lake that
// was there first goes on, and a member that got nothing looks who has the partitions. Members that name no lake, of
// earlier versions or of other makers, are served by any leader.

const lakeMark = "lakectl-lake:"

// balancer is one of the usual ones for the members of one lake.
type balancer struct {
	kafka.GroupBalancer
	lake string // "": all members
}

// balancers are the library's own, under their names, so that members of earlier versions agree on one.
func balancers(lake string) []kafka.GroupBalancer {
	return []kafka.GroupBalancer{balancer{kafka.RangeGroupBalancer{}, lake}, balancer{kafka.RoundRobinGroupBalancer{}, lake}}
}

// UserData is what this member tells the others.
func (b balancer) UserData() ([]byte, error) {
	if b.lake == "" {
		return nil, nil
	}
	return []byte(lakeMark + b.lake), nil
}

// AssignGroups is called where this member leads the group.
func (b balancer) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	mine := slices.DeleteFunc(slices.Clone(members), func(m kafka.GroupMember) bool { return b.lake != "" && other(m.UserData, b.lake) })
	assigned := b.GroupBalancer.AssignGroups(mine, partitions)
	for _, m := range members {
		if _, ok := assigned[m.ID]; !ok {
			assigned[m.ID] = map[string][]int{}
		}
	}
	return assigned
}

// lakeOf reads the lake from a member's user data; "" where it names none.
func lakeOf(userData []byte) string {
	id, ok := bytes.CutPrefix(userData, []byte(lakeMark))
	if !ok {
		return ""
	}
	return string(id)
}

func other(userData []byte, lake string) bool {
	id := lakeOf(userData)
	return id != "" && id != lake
}

// OtherLakeError says that members of another lake have partitions of the group. Returned by Member.Next.
type OtherLakeError struct {
	Group, Topic, Lake, Other string
}

func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("group %s of topic %s archives into lake %s, this is lake %s: each would archive a part", e.Group, e.Topic, e.Other, e.Lake)
}

// Hint says what to do next.
func (e *OtherLakeError) Hint() string {
	return "give kafka.group (LAKEHOUSE_KAFKA_GROUP, --group) another name for this lake: then both archive everything; or end the other lake's ingesters"
}

const (
	looks     = 10 // at a group that is being spread anew
	lookPause = 100 * time.Millisecond
)

// alone holds that no member of another lake has partitions in this generation. Where the group cannot be looked at,
// the next generation is.
func (m *Member) alone(ctx context.Context) error {
	if m.lake == "" {
		return nil
	}
	admin := &kafka.Client{Addr: m.topic.addr, Transport: m.topic.transport, Timeout: tellTimeout}
	for range looks {
		res, err := admin.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{m.name}})
		if err == nil && len(res.Groups) == 1 {
			err = res.Groups[0].Error
		}
		if err != nil || len(res.Groups) != 1 {
			m.topic.opts.Log.Debug("cannot look at the members of the group", "group", m.name, "error", err)
			return ctx.Err()
		}
		if g := res.Groups[0]; g.GroupState == "Stable" {
			err := m.among(g.Members)
			m.first = m.first || err == nil
			return err
		}
		if !sleep(ctx, lookPause) {
			return ctx.Err()
		}
	}
	return nil
}

func (m *Member) among(members []kafka.DescribeGroupsResponseMember) error {
	for _, one := range members {
		if !other(one.MemberMetadata.UserData, m.lake) {
			continue
		}
		for _, t := range one.MemberAssignments.Topics {
			if len(t.Partitions) > 0 {
				return &OtherLakeError{Group: m.name, Topic: m.topic.opts.Topic, Lake: m.lake, Other: lakeOf(one.MemberMetadata.UserData)}
			}
		}
	}
	return nil
}
