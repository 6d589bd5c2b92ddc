package engine_test

import (
	"testing"

	"sealdesk/internal/api"
)

func TestTwoOrganizationsSignAndArchive(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	a := p.task(flowID, first, first, 200)
	b := p.task(flowID, first, second, 400)
	if got := p.status(flowID); got != 1 {
		t.Errorf("status after sending = %d", got)
	}
	if got := do(p, api.SignFlow, signRequest(flowID, a, first)).Status; got != "SUCCESS" {
		t.Errorf("Status = %q", got)
	}
	p.checkSigned(p.signedFile(flowID), first.name)
	do(p, api.SignFlow, signRequest(flowID, b, second))
	if got := p.status(flowID); got != 7 {
		t.Errorf("status after all signed = %d", got)
	}
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: first.caller(), FlowId: flowID})
	if got := p.status(flowID); got != 4 {
		t.Errorf("status after archiving = %d", got)
	}
	p.checkSigned(p.signedFile(flowID), first.name, second.name)
}
