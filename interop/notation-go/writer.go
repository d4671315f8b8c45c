// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/notaryproject/notation-go/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
)

// signatureWriter remembers what was pushed, and can push the
// specification's other form of signature manifest.
type signatureWriter struct {
	registry.Repository
	target       oras.GraphTarget
	artifactType bool
	envelope     []byte
	manifest     ocispec.Descriptor
}

func newSignatureWriter(repository registry.Repository, target oras.GraphTarget, form string) (*signatureWriter, error) {
	switch form {
	case "", "config":
		return &signatureWriter{Repository: repository}, nil
	case "artifactType":
		return &signatureWriter{Repository: repository, target: target, artifactType: true}, nil
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
	if blob, err = oras.PushBytes(ctx, w.target, mediaType, envelope); err != nil {
		return blob, manifest, err
	}
	manifest, err = oras.PackManifest(ctx, w.target, oras.PackManifestVersion1_1, registry.ArtifactTypeNotation, oras.PackManifestOptions{
		Subject:             &subject,
		ManifestAnnotations: annotations,
		Layers:              []ocispec.Descriptor{blob},
	})
	return blob, manifest, err
}
