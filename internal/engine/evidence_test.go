package engine_test

import (
	"bytes"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

// The evidence gives its checkpoints out, so that a cut log is found by whoever keeps them.
func TestCheckpointsOfTheEvidenceLeaveTheEngine(t *testing.T) {
	var kept bytes.Buffer
	p := start(t, func(o *engine.Options) { o.Checkpoints = &kept })
	p.flow(p.party(0))
	newest, err := p.engine.Evidence().Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := audit.ParseCheckpoints(kept.Bytes(), p.engine.Evidence().PublicKey())
	if err != nil || len(all) == 0 || all[len(all)-1].Size != newest.Size {
		t.Errorf("%d checkpoints left, %v; the newest is of %d events", len(all), err, newest.Size)
	}
}
