// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/notaryproject/notation-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"ocisign.dev/interop/protocol"
)

type verifyRequest struct {
	protocol.Head
	place
	Reference string `json:"reference"`
	ConfigDir string `json:"configDir"`
	// Scope is the repository where there is one.
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
	repository, err := request.openForReading(request.Lister)
	if err != nil {
		return nil, err
	}
	scope := request.Scope
	if request.Repository != "" {
		scope = request.Repository
	}
	maximum := request.MaxSignatures
	if maximum == 0 {
		maximum = 100
	}
	verifier, err := openVerifier(configDir)
	if err != nil {
		return refused(err), nil
	}
	// Like the notation command line: trust policies are selected by digest references only.
	target, err := repository.Resolve(context.Background(), request.Reference)
	if err != nil {
		return refused(err), nil
	}
	recorder := &recorder{Verifier: verifier}
	_, outcomes, err := notation.Verify(context.Background(), recorder, repository, notation.VerifyOptions{
		ArtifactReference:    scope + "@" + target.Digest.String(),
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
		ArtifactReference:  request.Scope + "@" + request.Descriptor.Digest.String(),
		SignatureMediaType: request.MediaType,
		UserMetadata:       request.UserMetadata,
	})
	if err != nil {
		return refused(err, outcome), nil
	}
	return accepted(outcome), nil
}
