// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

func openKey(path string, config map[string]string) (signature.LocalSigner, error) {
	chainPath := config["chain"]
	if lies("other-chain") {
		chainPath = config["other-chain"]
	}
	pair, err := tls.LoadX509KeyPair(config["chain"], path)
	if err != nil {
		return nil, plugin.NewValidationErrorf("there is no key %q", path)
	}
	certificates := pair.Certificate
	if chainPath != config["chain"] {
		other, err := tls.LoadX509KeyPair(chainPath, config["other-key"])
		if err != nil {
			return nil, plugin.NewValidationErrorf("there is no other key")
		}
		certificates = other.Certificate
	}
	chain := make([]*x509.Certificate, len(certificates))
	for i, der := range certificates {
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, plugin.NewGenericErrorf("a certificate cannot be read: %v", err)
		}
	}
	return &fileSigner{chain: chain, key: pair.PrivateKey}, nil
}

func (p *filePlugin) DescribeKey(_ context.Context, request *plugin.DescribeKeyRequest) (*plugin.DescribeKeyResponse, error) {
	signer, err := openKey(request.KeyID, request.PluginConfig)
	if err != nil {
		return nil, err
	}
	spec, err := signer.KeySpec()
	if err != nil {
		return nil, plugin.NewUnsupportedError("the key")
	}
	keyID := request.KeyID
	if lies("describes-other-key") {
		keyID = "another"
	}
	return &plugin.DescribeKeyResponse{KeyID: keyID, KeySpec: keySpecs[spec]}, nil
}

func (p *filePlugin) GenerateSignature(_ context.Context, request *plugin.GenerateSignatureRequest) (*plugin.GenerateSignatureResponse, error) {
	signer, err := openKey(request.KeyID, request.PluginConfig)
	if err != nil {
		return nil, err
	}
	spec, err := signer.KeySpec()
	if err != nil {
		return nil, plugin.NewUnsupportedError("the key")
	}
	if request.KeySpec != keySpecs[spec] || request.Hash != hashes[spec] {
		return nil, plugin.NewValidationErrorf("the key is %s with %s", keySpecs[spec], hashes[spec])
	}
	payload := request.Payload
	if lies("bad-signature") {
		payload = append(payload, 'x')
	}
	raw, certificates, err := signer.Sign(payload)
	if err != nil {
		return nil, plugin.NewGenericErrorf("cannot sign: %v", err)
	}
	chain := make([][]byte, len(certificates))
	for i, certificate := range certificates {
		chain[i] = certificate.Raw
	}
	keyID := request.KeyID
	if lies("other-key") {
		keyID = "another"
	}
	return &plugin.GenerateSignatureResponse{
		KeyID:            keyID,
		Signature:        raw,
		SigningAlgorithm: algorithms[spec],
		CertificateChain: chain,
	}, nil
}

func (p *filePlugin) GenerateEnvelope(_ context.Context, request *plugin.GenerateEnvelopeRequest) (*plugin.GenerateEnvelopeResponse, error) {
	signer, err := openKey(request.KeyID, request.PluginConfig)
	if err != nil {
		return nil, err
	}
	content, err := edit(request.Payload)
	if err != nil {
		return nil, plugin.NewValidationErrorf("the payload cannot be read: %v", err)
	}
	now := time.Now().Truncate(time.Second)
	sign := &signature.SignRequest{
		Payload:                  signature.Payload{ContentType: request.PayloadType, Content: content},
		Signer:                   signer,
		SigningTime:              now,
		SigningScheme:            signature.SigningSchemeX509,
		ExtendedSignedAttributes: p.attributes(request.PluginConfig),
		SigningAgent:             "plugin-go/" + version,
	}
	if seconds := request.ExpiryDurationInSeconds; seconds > 0 && !lies("no-expiry") {
		sign.Expiry = now.Add(time.Duration(seconds) * time.Second)
	}
	envelope := jws.NewEnvelope()
	if request.SignatureEnvelopeType == cose.MediaTypeEnvelope {
		envelope = cose.NewEnvelope()
	}
	encoded, err := envelope.Sign(sign)
	if err != nil {
		return nil, plugin.NewGenericErrorf("cannot sign: %v", err)
	}
	return &plugin.GenerateEnvelopeResponse{
		SignatureEnvelope:     encoded,
		SignatureEnvelopeType: request.SignatureEnvelopeType,
		Annotations:           map[string]string{"com.example.signed-by": p.name},
	}, nil
}

// attributes are critical: the plugin that verifies, where the setting "verify"
// names one, and one that only this plugin understands.
func (p *filePlugin) attributes(config map[string]string) []signature.Attribute {
	var attributes []signature.Attribute
	add := func(key string, value any) {
		attributes = append(attributes, signature.Attribute{Key: key, Critical: true, Value: value})
	}
	if name := config["verify"]; name != "" {
		add("io.cncf.notary.verificationPlugin", name)
		add("io.cncf.notary.verificationPluginMinVersion", config["minimum"])
		add("com.example.job", "job-1")
	}
	if lies("critical") {
		add("com.example.unknown", "x")
	}
	return attributes
}

// edit changes what is to be signed, where it is to lie.
func edit(payload []byte) ([]byte, error) {
	var document map[string]map[string]any
	if err := json.Unmarshal(payload, &document); err != nil {
		return nil, err
	}
	target := document["targetArtifact"]
	switch {
	case lies("other-size"):
		target["size"] = 1
	case lies("other-media-type"):
		target["mediaType"] = "other/type"
	case lies("more-members"):
		target["urls"] = []string{"https://example.com"}
	case lies("unknown-members"):
		target["unknown"] = "x"
	case lies("no-annotations"):
		delete(target, "annotations")
	case lies("more-annotations"):
		target["annotations"] = map[string]any{"build": "1", "more": "2"}
	default:
		return payload, nil
	}
	return json.Marshal(document)
}
