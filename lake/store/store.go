package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	iceio "github.com/apache/iceberg-go/io"
	ices3 "github.com/apache/iceberg-go/io/gocloud/s3"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/lakectl/lakectl/lake"
)

// Options say where a warehouse is and where its copies lie.
type Options struct {
	Warehouse string // s3://BUCKET/PREFIX
	Endpoint  string // "" is AWS
	Region    string // "" leaves it to the standard AWS chain
	PathStyle string // true or false; "" is true with an endpoint
	Folder    string // of the copies
	Limit     int64  // bytes that they may take
	Log       *slog.Logger
	Look      time.Duration // how often an open store looks whether a sweep is due; 0 is every minute
	// WholeBelow is the length in bytes from which on a copy may lack columns that nobody reads; 0 is [wholeBelow].
	WholeBelow int64
}

// Properties are those that the Iceberg library reaches the warehouse by.
func (o Options) Properties() map[string]string {
	props := map[string]string{}
	for key, value := range map[string]string{iceio.S3EndpointURL: o.Endpoint, iceio.S3Region: o.Region} {
		if value != "" {
			props[key] = value
		}
	}
	switch o.PathStyle {
	case "true":
		props[iceio.S3ForceVirtualAddressing] = "false"
	case "false":
		props[iceio.S3ForceVirtualAddressing] = "true"
	}
	return props
}

// Store is a warehouse on S3 with its copies.
type Store struct {
	o       Options
	client  *s3.Client
	bucket  string
	unmount func()

	unwatch  context.CancelFunc
	watching sync.WaitGroup
}

// Open mounts a warehouse. It asks the store for nothing but to sweep the copies where that is due.
func Open(ctx context.Context, o Options) (*Store, error) {
	at, err := url.Parse(o.Warehouse)
	if err != nil || at.Scheme != "s3" || at.Host == "" {
		return nil, lake.WithHint(fmt.Errorf("warehouse %s: %w", o.Warehouse, lake.ErrUnsupported), "set catalog.warehouse to s3://BUCKET/PREFIX")
	}
	o.Warehouse, o.WholeBelow = strings.TrimRight(o.Warehouse, "/"), cmp.Or(o.WholeBelow, wholeBelow)
	if o.Folder == "" {
		return nil, lake.WithHint(errors.New("there is no folder for copies of files on S3"), "set catalog.s3.copies (LAKEHOUSE_CATALOG_S3_COPIES)")
	}
	config, err := ices3.ParseAWSConfig(ctx, o.Properties())
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	client := s3.NewFromConfig(*config, func(c *s3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
		c.UsePathStyle = o.PathStyle == "true" || o.PathStyle == "" && o.Endpoint != ""
		c.DisableLogOutputChecksumValidationSkipped = true
	})
	if o.Folder, err = filepath.Abs(o.Folder); err == nil {
		err = os.MkdirAll(o.Folder, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("folder for copies: %w", err)
	}
	s := &Store{o: o, client: client, bucket: at.Host}
	s.unmount = lake.Mount(lake.Remote{Prefix: o.Warehouse, Folder: filepath.Join(o.Folder, at.Host, filepath.FromSlash(at.Path)), Fetch: s.fetch, Put: s.put, Stat: s.stat, List: s.List, Forget: s.forget})
	if err := s.sweepIfDue(ctx); err != nil {
		s.unmount()
		return nil, err
	}
	ctx, s.unwatch = context.WithCancel(context.WithoutCancel(ctx))
	s.watching.Go(func() { s.watch(ctx) })
	return s, nil
}

// Close ends the mount. The copies stay.
func (s *Store) Close() error {
	s.unwatch()
	s.watching.Wait()
	s.unmount()
	return nil
}

// key is the name of a file in the bucket.
func (s *Store) key(uri string) (string, error) {
	key, ok := strings.CutPrefix(uri, "s3://"+s.bucket+"/")
	if !ok || key == "" {
		return "", fmt.Errorf("location %s is not in bucket %s: %w", uri, s.bucket, lake.ErrUnsupported)
	}
	return key, nil
}

// failed names the file of an error; one that is not there is [fs.ErrNotExist].
func failed(doing, uri string, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "NoSuchKey" || api.ErrorCode() == "NotFound") {
		return &fs.PathError{Op: doing, Path: uri, Err: fs.ErrNotExist}
	}
	return lake.WithHint(fmt.Errorf("%s %s: %w", doing, uri, err),
		"check catalog.s3.endpoint, catalog.s3.region and the credentials of the AWS chain (AWS_ACCESS_KEY_ID, AWS_PROFILE), then run the command again")
}

func (s *Store) stat(ctx context.Context, uri string) (lake.RemoteFile, error) {
	key, err := s.key(uri)
	if err != nil {
		return lake.RemoteFile{}, err
	}
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return lake.RemoteFile{}, failed("stat", uri, err)
	}
	return lake.RemoteFile{URI: uri, Bytes: aws.ToInt64(head.ContentLength), Modified: aws.ToTime(head.LastModified).UTC().Truncate(seconds)}, nil
}

// List visits all that is stored below a URI.
func (s *Store) List(ctx context.Context, uri string, visit func(lake.RemoteFile) error) error {
	key, err := s.key(strings.TrimSuffix(uri, "/") + "/")
	if err != nil {
		return err
	}
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed("list", uri, err)
		}
		for _, o := range page.Contents {
			if strings.HasSuffix(aws.ToString(o.Key), "/") { // what tools make for a folder
				continue
			}
			f := lake.RemoteFile{URI: "s3://" + s.bucket + "/" + aws.ToString(o.Key), Bytes: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC().Truncate(seconds)}
			if err := visit(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// put stores a copy, which nobody may write to from then on.
func (s *Store) put(ctx context.Context, uri string) error {
	key, err := s.key(uri)
	if err != nil {
		return err
	}
	local, err := lake.LocalPath(uri)
	if err != nil {
		return err
	}
	f, err := os.Open(local)
	if err != nil {
		return err
	}
	defer f.Close()                  //nolint:errcheck // read only
	if err := f.Sync(); err != nil { // what is stored counts as a copy, whatever becomes of this machine
		return err
	}
	if _, err = s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: f}); err != nil {
		return failed("store", uri, err)
	}
	return f.Chmod(0o400)
}

// Read reads a file that may change, past the copies. A missing one is [fs.ErrNotExist].
func (s *Store) Read(ctx context.Context, uri string) ([]byte, error) {
	key, err := s.key(uri)
	if err != nil {
		return nil, err
	}
	got, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return nil, failed("read", uri, err)
	}
	text, err := io.ReadAll(got.Body)
	return text, cmp.Or(failed("read", uri, err), got.Body.Close())
}

// Replace writes a file that may change. fresh: only where there is none, and it tells whether it was written.
func (s *Store) Replace(ctx context.Context, uri string, text []byte, fresh bool) (written bool, err error) {
	key, err := s.key(uri)
	if err != nil {
		return false, err
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader(string(text))}
	if fresh {
		in.IfNoneMatch = aws.String("*")
	}
	_, err = s.client.PutObject(ctx, in)
	var api smithy.APIError
	if fresh && errors.As(err, &api) && (api.ErrorCode() == "PreconditionFailed" || api.ErrorCode() == "ConditionalRequestConflict") {
		return false, nil
	}
	return err == nil, failed("write", uri, err)
}

// remove deletes a file and its copy.
func (s *Store) remove(ctx context.Context, uri string) error {
	key, err := s.key(uri)
	if err != nil {
		return err
	}
	if _, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
		var gone *types.NoSuchKey
		if !errors.As(err, &gone) {
			return failed("delete", uri, err)
		}
	}
	return s.forget(uri)
}
