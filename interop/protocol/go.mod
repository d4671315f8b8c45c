module ocisign.dev/interop/protocol

go 1.23.0
