// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
)

// signatureWriter remembers what was pushed, and can push the
// specification's other form of signature manifest.
type signatureWriter struct {
	registry.Repository
	layout       string
	artifactType bool
	envelope     []byte
	manifest     ocispec.Descriptor
}

func newSignatureWriter(repository registry.Repository, layout, form string) (*signatureWriter, error) {
	switch form {
	case "", "config":
		return &signatureWriter{Repository: repository}, nil
	case "artifactType":
		return &signatureWriter{Repository: repository, layout: layout, artifactType: true}, nil
	default:
		return nil, fmt.Errorf("bad request: unknown form of manifest %q", form)
	}
}

func (w *signatureWriter) PushSignature(ctx context.Context, mediaType string, envelope []byte, subject ocispec.Descriptor, annotations map[string]string) (blob, manifest ocispec.Descriptor, err error) {
	if w.artifactType {
		blob, manifest, err = w.pushArtifact(ctx, mediaType, envelope, subject, annotations)
	} else {
		blob, manifest, err = w.Repository.PushSignature(ctx, mediaType, envelope, subject, annotations)
	}
	w.envelope, w.manifest = envelope, manifest
	return blob, manifest, err
}

func (w *signatureWriter) pushArtifact(ctx context.Context, mediaType string, envelope []byte, subject ocispec.Descriptor, annotations map[string]string) (blob, manifest ocispec.Descriptor, err error) {
	store, err := oci.New(w.layout)
	if err != nil {
		return blob, manifest, err
	}
	if blob, err = oras.PushBytes(ctx, store, mediaType, envelope); err != nil {
		return blob, manifest, err
	}
	manifest, err = oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, registry.ArtifactTypeNotation, oras.PackManifestOptions{
		Subject:             &subject,
		ManifestAnnotations: annotations,
		Layers:              []ocispec.Descriptor{blob},
	})
	return blob, manifest, err
}
