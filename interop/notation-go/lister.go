// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"
)

const (
	artifactManifestMediaType = "application/vnd.oci.artifact.manifest.v1+json"
	maxManifestBytes          = 4 << 20
	maxIndexDepth             = 4
)

// specificationLister finds both of the specification's forms of signature
// manifests; the layout reader of notation-go v1.3.2 finds only the one whose
// config has the signature's type. It lists in the order of index.json.
type specificationLister struct {
	registry.Repository
	store *oci.ReadOnlyStore
	root  string
}

func (l *specificationLister) ListSignatures(ctx context.Context, target ocispec.Descriptor, visit func([]ocispec.Descriptor) error) error {
	bytes, err := os.ReadFile(filepath.Join(l.root, ocispec.ImageIndexFile))
	if err != nil {
		return err
	}
	var index ocispec.Index
	if err := json.Unmarshal(bytes, &index); err != nil {
		return err
	}
	signatures, err := l.collect(ctx, index, target, 0)
	if err != nil {
		return err
	}
	return visit(signatures)
}

func (l *specificationLister) collect(ctx context.Context, index ocispec.Index, target ocispec.Descriptor, depth int) ([]ocispec.Descriptor, error) {
	var found []ocispec.Descriptor
	for _, entry := range index.Manifests {
		if entry.Size > maxManifestBytes {
			continue
		}
		switch entry.MediaType {
		case ocispec.MediaTypeImageManifest, artifactManifestMediaType:
			if exists, err := l.store.Exists(ctx, entry); err != nil || !exists {
				continue
			}
			bytes, err := content.FetchAll(ctx, l.store, entry)
			if err != nil {
				return nil, err
			}
			if isSignatureOf(bytes, entry.MediaType, target) {
				found = append(found, entry)
			}
		case ocispec.MediaTypeImageIndex:
			if depth == maxIndexDepth {
				continue
			}
			bytes, err := content.FetchAll(ctx, l.store, entry)
			if err != nil {
				return nil, err
			}
			var nested ocispec.Index
			if err := json.Unmarshal(bytes, &nested); err != nil {
				return nil, err
			}
			more, err := l.collect(ctx, nested, target, depth+1)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
	}
	return found, nil
}

func isSignatureOf(bytes []byte, mediaType string, target ocispec.Descriptor) bool {
	var manifest ocispec.Manifest
	if err := json.Unmarshal(bytes, &manifest); err != nil {
		return false
	}
	if manifest.Subject == nil || !content.Equal(*manifest.Subject, target) {
		return false
	}
	if mediaType == artifactManifestMediaType {
		return manifest.ArtifactType == registry.ArtifactTypeNotation
	}
	if manifest.ArtifactType != "" {
		return manifest.ArtifactType == registry.ArtifactTypeNotation && manifest.Config.MediaType == ocispec.MediaTypeEmptyJSON
	}
	return manifest.Config.MediaType == registry.ArtifactTypeNotation
}
