// SPDX-License-Identifier: Apache-2.0

// Package protocol answers line-delimited JSON requests on a pipe, so that one
// process can judge hundreds of cases. A request is an object with the member
// "op"; its answer is one line. A request that could not be carried out at all
// (bad request, missing file, panic) is answered with {"fault": "..."}, which
// is never to be mistaken for a refusal.
package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Handler answers one request; an error becomes a fault.
type Handler func(request []byte) (any, error)

type fault struct {
	Fault string `json:"fault"`
}

// Serve answers requests until the input ends.
func Serve(in io.Reader, out io.Writer, handlers map[string]Handler) error {
	reader := bufio.NewReader(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(answer(line, handlers)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func answer(line []byte, handlers map[string]Handler) (result any) {
	defer func() {
		if cause := recover(); cause != nil {
			result = fault{Fault: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	var head struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return fault{Fault: "not a request: " + err.Error()}
	}
	handler, known := handlers[head.Op]
	if !known {
		return fault{Fault: fmt.Sprintf("unknown op %q", head.Op)}
	}
	result, err := handler(line)
	if err != nil {
		return fault{Fault: err.Error()}
	}
	return result
}

// Decode reads a request into a struct that embeds Head; unknown members are
// errors, so that a misspelt option cannot be ignored.
func Decode(line []byte, request any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(request); err != nil {
		return fmt.Errorf("bad request: %w", err)
	}
	return nil
}

// Head is the part every request has.
type Head struct {
	Op string `json:"op"`
}
