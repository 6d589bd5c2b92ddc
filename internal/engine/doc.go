// Package engine is the embedded e-signature platform: wire-compatible with essbasic 2020-12-22, with its own store,
// files, certificate authority and links for signers.
//
// A call travels wire.go (transport, authentication, envelope) → dispatch.go (one line an action) → one method an
// action, in the file of its feature. The state machine of flows stands in states.go, the error codes that may leave an
// action in codes.go. Where the engine guesses the real platform or differs from it, docs/divergences.md says so.
package engine
