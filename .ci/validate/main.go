// Command validate reads the files of examples/production as those they are for would: Compose's own loader, and the
// types of Kubernetes' API with no field that these do not know. It is a module of its own, so that nobody who builds
// lakectl downloads the libraries of either.
//
//	sh examples/production/secrets.sh && cd .ci/validate && go run . ../../examples/production
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: validate FOLDER")
		os.Exit(2)
	}
	if err := errors.Join(compose(os.Args[1]), kubernetes(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compose loads compose.yaml with everything that Compose checks before it starts a service.
func compose(dir string) error {
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("compose.yaml: %w", err)
	}
	fmt.Printf("compose.yaml: %d services\n", len(project.Services))
	return nil
}

// object makes an empty object of a kind; the kinds are those that the example uses.
func object(kind metav1.TypeMeta) (metav1.Object, error) {
	switch kind.APIVersion + " " + kind.Kind {
	case "v1 PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}, nil
	case "v1 Service":
		return &corev1.Service{}, nil
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}, nil
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}, nil
	case "batch/v1 CronJob":
		return &batchv1.CronJob{}, nil
	case "policy/v1 PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}, nil
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networkingv1.NetworkPolicy{}, nil
	}
	return nil, fmt.Errorf("kind %q of %q is not among those that are checked", kind.Kind, kind.APIVersion)
}

func kubernetes(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "kubernetes", "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files in %s/kubernetes: %w", dir, err)
	}
	for _, file := range files {
		n, err := manifests(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Printf("%s: %d objects\n", filepath.Base(file), n)
	}
	return nil
}

func manifests(file string) (n int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	documents := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return n, err
		}
		if kind.Kind == "" {
			continue // comments alone
		}
		o, err := object(kind)
		if err != nil {
			return n, err
		}
		if err := yaml.UnmarshalStrict(document, o); err != nil {
			return n, fmt.Errorf("%s: %w", kind.Kind, err)
		}
		if wrong := validation.IsDNS1123Subdomain(o.GetName()); len(wrong) > 0 {
			return n, fmt.Errorf("%s %q: %v", kind.Kind, o.GetName(), wrong)
		}
		if err := confined(o); err != nil {
			return n, fmt.Errorf("%s %s: %w", kind.Kind, o.GetName(), err)
		}
		n++
	}
}

// confined checks what the example promises of every pod: no root, nothing written outside of its volumes, each mount
// has a volume.
func confined(o metav1.Object) error {
	var pod corev1.PodSpec
	switch o := o.(type) {
	case *appsv1.Deployment:
		pod = o.Spec.Template.Spec
	case *batchv1.CronJob:
		pod = o.Spec.JobTemplate.Spec.Template.Spec
	default:
		return nil
	}
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot {
		return errors.New("may run as root")
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		s := c.SecurityContext
		if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			return fmt.Errorf("container %s may write to its root or become root", c.Name)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				return fmt.Errorf("container %s mounts %s, which the pod has not", c.Name, m.Name)
			}
		}
	}
	return nil
}
