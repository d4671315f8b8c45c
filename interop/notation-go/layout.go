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

type openedLayout struct {
	path       string
	index      [sha256.Size]byte
	store      *oci.ReadOnlyStore
	signatures []signatureManifest
}

// lastLayout spares reading the same large layout again for the next request;
// it is used only while the bytes of index.json are the same.
var lastLayout *openedLayout

func openLayout(path, lister string) (registry.Repository, error) {
	layout, err := readLayout(path)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	repository := registry.NewRepository(readOnlyTarget{layout.store})
	switch lister {
	case "", "reference":
		return repository, nil
	case "specification":
		return &specificationLister{Repository: repository, signatures: layout.signatures}, nil
	default:
		return nil, fmt.Errorf("bad request: unknown lister %q", lister)
	}
}

func readLayout(path string) (*openedLayout, error) {
	index, err := os.ReadFile(filepath.Join(path, ocispec.ImageIndexFile))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(index)
	if lastLayout != nil && lastLayout.path == path && lastLayout.index == digest {
		return lastLayout, nil
	}
	ctx := context.Background()
	store, err := oci.NewFromFS(ctx, os.DirFS(path))
	if err != nil {
		return nil, err
	}
	signatures, err := collectSignatures(ctx, path, store)
	if err != nil {
		return nil, err
	}
	lastLayout = &openedLayout{path: path, index: digest, store: store, signatures: signatures}
	return lastLayout, nil
}
