// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/oci"
)

// readOnlyTarget lets notation-go read a layout without being able to write to it.
type readOnlyTarget struct {
	*oci.ReadOnlyStore
}

var errReadOnly = errors.New("the layout is open for reading only")

func (readOnlyTarget) Push(context.Context, ocispec.Descriptor, io.Reader) error { return errReadOnly }
func (readOnlyTarget) Tag(context.Context, ocispec.Descriptor, string) error     { return errReadOnly }

// lastLayout spares reading the same large layout again for the next request;
// it is used only while the bytes of index.json are the same.
var lastLayout struct {
	path  string
	index [sha256.Size]byte
	store *oci.ReadOnlyStore
}

func openLayout(path, lister string) (registry.Repository, error) {
	store, err := openStore(path)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	repository := registry.NewRepository(readOnlyTarget{store})
	switch lister {
	case "", "reference":
		return repository, nil
	case "specification":
		return &specificationLister{Repository: repository, store: store, root: path}, nil
	default:
		return nil, fmt.Errorf("bad request: unknown lister %q", lister)
	}
}

func openStore(path string) (*oci.ReadOnlyStore, error) {
	index, err := os.ReadFile(filepath.Join(path, ocispec.ImageIndexFile))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(index)
	if lastLayout.store != nil && lastLayout.path == path && lastLayout.index == digest {
		return lastLayout.store, nil
	}
	store, err := oci.NewFromFS(context.Background(), os.DirFS(path))
	if err != nil {
		return nil, err
	}
	lastLayout.path, lastLayout.index, lastLayout.store = path, digest, store
	return store, nil
}
