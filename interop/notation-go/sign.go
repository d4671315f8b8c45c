// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"ocisign.dev/interop/protocol"
)

// signOptions are what both kinds of signing requests have in common.
type signOptions struct {
	Format        string            `json:"format"`
	KeyPath       string            `json:"keyPath"`
	ChainPath     string            `json:"chainPath"`
	Scheme        string            `json:"scheme"`
	ExpirySeconds int64             `json:"expirySeconds"`
	UserMetadata  map[string]string `json:"userMetadata"`
	SigningAgent  string            `json:"signingAgent"`
	Attributes    []attribute       `json:"extendedAttributes"`
	SigningTime   *time.Time        `json:"signingTime"`
}

func (o signOptions) mediaType() (string, error) {
	switch o.Format {
	case "jws":
		return jws.MediaTypeEnvelope, nil
	case "cose":
		return cose.MediaTypeEnvelope, nil
	default:
		return "", errors.New(`bad request: format must be "jws" or "cose"`)
	}
}

type signRequest struct {
	protocol.Head
	signOptions
	place
	Reference string `json:"reference"`
	// Manifest is "config" (what notation-go v1.3.2 writes) or "artifactType".
	Manifest string `json:"manifest"`
}

type signed struct {
	OK        bool                `json:"ok"`
	MediaType string              `json:"mediaType,omitempty"`
	Envelope  []byte              `json:"envelope,omitempty"`
	Subject   *ocispec.Descriptor `json:"subject,omitempty"`
	Manifest  *ocispec.Descriptor `json:"manifest,omitempty"`
	Error     string              `json:"error,omitempty"`
}

func sign(line []byte) (any, error) {
	var request signRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	mediaType, err := request.mediaType()
	if err != nil {
		return nil, err
	}
	repository, target, err := request.openForWriting()
	if err != nil {
		return nil, err
	}
	writer, err := newSignatureWriter(repository, target, request.Manifest)
	if err != nil {
		return nil, err
	}
	signer, err := openSigner(request.signOptions)
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	subject, err := notation.Sign(context.Background(), signer, writer, notation.SignOptions{
		SignerSignOptions: notation.SignerSignOptions{
			SignatureMediaType: mediaType,
			ExpiryDuration:     time.Duration(request.ExpirySeconds) * time.Second,
			SigningAgent:       request.SigningAgent,
		},
		ArtifactReference: request.Reference,
		UserMetadata:      request.UserMetadata,
	})
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	return signed{OK: true, MediaType: mediaType, Envelope: writer.envelope, Subject: &subject, Manifest: &writer.manifest}, nil
}

type signEnvelopeRequest struct {
	protocol.Head
	signOptions
	Descriptor ocispec.Descriptor `json:"descriptor"`
}

func signEnvelope(line []byte) (any, error) {
	var request signEnvelopeRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	mediaType, err := request.mediaType()
	if err != nil {
		return nil, err
	}
	target := request.Descriptor
	if len(request.UserMetadata) > 0 {
		target.Annotations = request.UserMetadata
	}
	signer, err := openSigner(request.signOptions)
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	envelope, _, err := signer.Sign(context.Background(), target, notation.SignerSignOptions{
		SignatureMediaType: mediaType,
		ExpiryDuration:     time.Duration(request.ExpirySeconds) * time.Second,
		SigningAgent:       request.SigningAgent,
	})
	if err != nil {
		return signed{Error: err.Error()}, nil
	}
	return signed{OK: true, MediaType: mediaType, Envelope: envelope}, nil
}
