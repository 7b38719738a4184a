package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/topic"
)

const productionExample = "../../../examples/production"

// commandsOf are what the services of the example's compose.yaml that are lakectl are started with.
func commandsOf(t *testing.T, file string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Image   string   `yaml:"image"`
			Command []string `yaml:"command"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{}
	for name, s := range compose.Services {
		if s.Image == "lakectl" {
			commands[name] = s.Command
		}
	}
	return commands
}

// The services of examples/production as processes on a real broker, PostgreSQL and S3, its configuration as it stands:
// only places come from variables. One leads; when it is killed the other goes on and nothing is lost or doubled.
func TestTheProductionExampleRunsAsItStandsAndOutlivesItsLeader(t *testing.T) {
	brokers := laketest.Engine(t, "KAFKA_BROKERS")
	l := lakeIn(t, laketest.Folder(t), true)
	_, uri := postgresCatalog(t, l.dir)
	config, err := os.ReadFile(filepath.Join(productionExample, "lakehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	l.write("lakehouse.yaml", string(config))
	if out, err := exec.Command("sh", "-c", "cp "+productionExample+"/secrets.sh "+l.dir+" && sh "+l.dir+"/secrets.sh").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	to := topic.Options{Brokers: []string{brokers}, Topic: fmt.Sprintf("production-%d", time.Now().UnixNano())}
	for key, value := range map[string]string{
		"KAFKA_BROKERS": brokers, "KAFKA_TOPIC": to.Topic, "KAFKA_GROUP": to.Topic,
		"CATALOG_URI_FILE":         l.write("catalog-uri", uri),
		"CATALOG_SUBJECT_KEY_FILE": l.dir + "/secrets/subject-key",
		"CATALOG_WAREHOUSE":        fmt.Sprintf("s3://%s/production-%d", laketest.Engine(t, "S3_BUCKET"), time.Now().UnixNano()),
		"CATALOG_S3_ENDPOINT":      laketest.Engine(t, "S3_ENDPOINT"),
		"CATALOG_S3_COPIES":        l.dir + "/copies",
		"CATALOG_CERTIFICATE_DIR":  l.dir + "/certificate",
		"DUCKDB_TEMP_DIRECTORY":    l.dir + "/tmp",
		"ROLLUP_STATE_DIRECTORY":   l.dir + "/recent",
	} {
		t.Setenv("LAKEHOUSE_"+key, value)
	}
	if err := topic.Create(t.Context(), to, runPartitions); err != nil {
		t.Fatal(err)
	}
	r := &running{lakeDir: l, producer: topic.NewProducer(to)}
	t.Cleanup(func() { r.producer.Close() }) //nolint:errcheck // every batch was acknowledged

	commands := commandsOf(t, filepath.Join(productionExample, "compose.yaml"))
	var members []*instance
	l.run(nil, commands["init"]...)
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		if slices.Equal(commands[name], []string{"run"}) {
			members = append(members, r.start(name))
		}
	}
	if len(members) != 2 {
		t.Fatalf("%d services run, want one that leads and one that stands by: %v", len(members), commands)
	}
	r.send(aListen("l1", "u1"), aListen("l2", "u2"), aListen("l3", "u3"))
	shown := func(i *instance, n int) func() bool { return func() bool { return i.plays() == n } }
	r.await("three plays on the one page", 2*time.Minute, shown(members[0], 3))
	r.await("and on the other", time.Minute, shown(members[1], 3))
	leader, other := members[0], members[1]
	if other.leads() {
		leader, other = other, leader
	}
	if err := leader.process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.send(aListen("l4", "u4"), aListen("l1", "u1"))
	r.await("the other leads", 2*time.Minute, other.leads)
	r.await("four plays, for a copy counts once", 2*time.Minute, shown(other, 4))
}

// leads says whether an instance runs the jobs.
func (i *instance) leads() bool { return i.status().Lease.Leads }
