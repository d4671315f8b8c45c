// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"

	"github.com/notaryproject/notation-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"ocisign.dev/interop/protocol"
)

type verifyRequest struct {
	protocol.Head
	Layout        string            `json:"layout"`
	Reference     string            `json:"reference"`
	ConfigDir     string            `json:"configDir"`
	Scope         string            `json:"scope"`
	UserMetadata  map[string]string `json:"userMetadata"`
	MaxSignatures int               `json:"maxSignatures"`
	// Lister is "reference" (notation-go's own layout reader) or
	// "specification" (both forms of signature manifests).
	Lister string `json:"lister"`
}

func verify(line []byte) (any, error) {
	var request verifyRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	configDir, err := configurationPath(request.ConfigDir)
	if err != nil {
		return nil, err
	}
	repository, err := openLayout(request.Layout, request.Lister)
	if err != nil {
		return nil, err
	}
	reference := fullReference(request.Scope, request.Reference)
	maximum := request.MaxSignatures
	if maximum == 0 {
		maximum = 100
	}
	verifier, err := openVerifier(configDir)
	if err != nil {
		return refused(err), nil
	}
	recorder := &recorder{Verifier: verifier}
	_, outcomes, err := notation.Verify(context.Background(), recorder, repository, notation.VerifyOptions{
		ArtifactReference:    reference,
		MaxSignatureAttempts: maximum,
		UserMetadata:         request.UserMetadata,
	})
	if err != nil {
		return refused(err, recorder.tried...), nil
	}
	return accepted(outcomes[0]), nil
}

type verifyEnvelopeRequest struct {
	protocol.Head
	Envelope     []byte             `json:"envelope"`
	MediaType    string             `json:"mediaType"`
	Descriptor   ocispec.Descriptor `json:"descriptor"`
	ConfigDir    string             `json:"configDir"`
	Scope        string             `json:"scope"`
	UserMetadata map[string]string  `json:"userMetadata"`
}

func verifyEnvelope(line []byte) (any, error) {
	var request verifyEnvelopeRequest
	if err := protocol.Decode(line, &request); err != nil {
		return nil, err
	}
	configDir, err := configurationPath(request.ConfigDir)
	if err != nil {
		return nil, err
	}
	verifier, err := openVerifier(configDir)
	if err != nil {
		return refused(err), nil
	}
	outcome, err := verifier.Verify(context.Background(), request.Descriptor, request.Envelope, notation.VerifierVerifyOptions{
		ArtifactReference:  fullReference(request.Scope, request.Descriptor.Digest.String()),
		SignatureMediaType: request.MediaType,
		UserMetadata:       request.UserMetadata,
	})
	if err != nil {
		return refused(err, outcome), nil
	}
	return accepted(outcome), nil
}

// fullReference joins the repository an artifact counts as with its tag or digest.
func fullReference(scope, reference string) string {
	if strings.Contains(reference, ":") {
		return scope + "@" + reference
	}
	return scope + ":" + reference
}
