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
	signatures []signatureManifest
}

type signatureManifest struct {
	subject  ocispec.Descriptor
	manifest ocispec.Descriptor
}

func (l *specificationLister) ListSignatures(_ context.Context, target ocispec.Descriptor, visit func([]ocispec.Descriptor) error) error {
	var found []ocispec.Descriptor
	for _, signature := range l.signatures {
		if content.Equal(signature.subject, target) {
			found = append(found, signature.manifest)
		}
	}
	return visit(found)
}

// collectSignatures reads every manifest that index.json and the indexes in it name.
func collectSignatures(ctx context.Context, root string, store *oci.ReadOnlyStore) ([]signatureManifest, error) {
	bytes, err := os.ReadFile(filepath.Join(root, ocispec.ImageIndexFile))
	if err != nil {
		return nil, err
	}
	return collectFromIndex(ctx, store, bytes, 0)
}

func collectFromIndex(ctx context.Context, store *oci.ReadOnlyStore, bytes []byte, depth int) ([]signatureManifest, error) {
	var index ocispec.Index
	if err := json.Unmarshal(bytes, &index); err != nil {
		return nil, err
	}
	var found []signatureManifest
	for _, entry := range index.Manifests {
		isIndex := entry.MediaType == ocispec.MediaTypeImageIndex
		isManifest := entry.MediaType == ocispec.MediaTypeImageManifest || entry.MediaType == artifactManifestMediaType
		if entry.Size > maxManifestBytes || !isManifest && (!isIndex || depth == maxIndexDepth) {
			continue
		}
		if exists, err := store.Exists(ctx, entry); err != nil || !exists {
			continue
		}
		bytes, err := content.FetchAll(ctx, store, entry)
		if err != nil {
			return nil, err
		}
		if isIndex {
			nested, err := collectFromIndex(ctx, store, bytes, depth+1)
			if err != nil {
				return nil, err
			}
			found = append(found, nested...)
		} else if subject := subjectOfSignature(bytes, entry.MediaType); subject != nil {
			found = append(found, signatureManifest{subject: *subject, manifest: entry})
		}
	}
	return found, nil
}

// subjectOfSignature is nil for anything but a signature's manifest.
func subjectOfSignature(bytes []byte, mediaType string) *ocispec.Descriptor {
	var manifest ocispec.Manifest
	if err := json.Unmarshal(bytes, &manifest); err != nil {
		return nil
	}
	isSignature := manifest.ArtifactType == registry.ArtifactTypeNotation
	if mediaType == ocispec.MediaTypeImageManifest {
		if isSignature {
			isSignature = manifest.Config.MediaType == ocispec.MediaTypeEmptyJSON
		} else if manifest.ArtifactType == "" {
			isSignature = manifest.Config.MediaType == registry.ArtifactTypeNotation
		}
	}
	if !isSignature {
		return nil
	}
	return manifest.Subject
}
