package reach

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/topic"
)

// TopicOptions says how to reach the configured topic.
func TopicOptions(c *frame.Call) (topic.Options, error) {
	k := c.Config.Kafka
	secure, err := k.TLS.Load()
	if err != nil {
		return topic.Options{}, err
	}
	login, err := k.SASL.Login()
	return topic.Options{Brokers: k.Brokers, Topic: k.Topic, ClientID: "lakectl", TLS: secure, SASL: login, Log: c.Log}, err
}
