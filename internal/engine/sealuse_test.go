package engine_test

import (
	"encoding/base64"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// colleague is another verified person, who can sign for an organisation.
func (p *platform) colleague(of party, name, card string) party {
	p.Helper()
	u := do(p, api.CreateUserAndSeal, &api.CreateUserAndSealRequest{OpenId: card, Name: name, IdCardType: "ID_CARD", IdCardNumber: card, SourceIp: "127.0.0.1"})
	of.user, of.person, of.handwriting = u.UserId, name, u.SealId
	return of
}

func (p *platform) keep(q party, sealID, state string, keepers ...api.SealKeeper) {
	p.Helper()
	do(p, api.SetSealUse, &api.SetSealUseRequest{Caller: api.Caller{SubOrganizationId: q.organization}, SealId: sealID, State: state, Keepers: keepers})
}

// TestASealIsUsedByItsKeepersOnly: what the portal tells at any moment binds the next signature, by every way in which one is made.
func TestASealIsUsedByItsKeepersOnly(t *testing.T) {
	p := start(t)
	first := p.party(0)
	other := p.colleague(first, "周强", "440301198001010010")
	now := p.clock.Now().Unix()
	const bad = api.CodeInvalidParameter
	both := []api.SealKeeper{{UserId: first.user}, {UserId: other.user}}
	for name, c := range map[string]struct {
		state   string
		keepers []api.SealKeeper
		want    string
	}{
		"its keeper":              {"ACTIVE", both, ""},
		"nobody's":                {"ACTIVE", nil, bad},
		"another's":               {"ACTIVE", both[:1], bad},
		"within the term":         {"ACTIVE", []api.SealKeeper{{UserId: other.user, From: now - 60, Until: now + 3600}}, ""},
		"before the term":         {"ACTIVE", []api.SealKeeper{{UserId: other.user, From: now + 3600}}, bad},
		"at the end of the term":  {"ACTIVE", []api.SealKeeper{{UserId: other.user, Until: now}}, bad},
		"disabled, of its keeper": {"DISABLED", both, bad},
	} {
		// The task is sent while the person may use the seal; what is told then binds.
		p.keep(first, first.seal, "ACTIVE", both...)
		flowID := p.flow(first)
		p.task(flowID, first, other, 200)
		token := p.link(flowID, other)
		p.keep(first, first.seal, c.state, c.keepers...)
		s, err := p.engine.SigningSession(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		offered := false
		for _, seal := range s.Seals {
			offered = offered || seal.ID == first.seal
		}
		if offered != (c.want == "") {
			t.Errorf("%s: offered on the page: %v", name, offered)
		}
		named, silent := signRequest(flowID, "", other), signRequest(flowID, "", other)
		silent.SignSeals[0].SealId = "" // the default
		picture := signRequest(flowID, "", other)
		picture.SignSeals[0] = api.SignSeal{ComponentId: "seal", SignType: "SIGN_IMAGE", SealContent: base64.StdEncoding.EncodeToString(picturePNG())}
		refused(p, bad, api.SignFlow, picture)
		if c.want != "" {
			refused(p, bad, api.SignFlow, named)
			refused(p, bad, api.SignFlow, silent)
			if err := p.signShown(token, engine.SessionSign{Seals: map[string]string{"seal": first.seal, "hand": other.handwriting}, VerifyChannel: "NONE"}); err == nil {
				t.Errorf("%s: the page signs", name)
			}
			if got := p.status(flowID); got != 1 {
				t.Errorf("%s: the flow is in state %d", name, got)
			}
			continue
		}
		do(p, api.SignFlow, named)
	}
}

func picturePNG() []byte { return picture(300, 300) }

// TestKeepersBindSilentSigningSendingAndReviews: the ways to a signature that show no page.
func TestKeepersBindSilentSigningSendingAndReviews(t *testing.T) {
	p := start(t)
	first := p.party(0)
	other := p.colleague(first, "周强", "440301198001010010")
	p.keep(first, first.seal, "ACTIVE", api.SealKeeper{UserId: other.user})
	refused(p, api.CodeUnknownParameter, api.CreateServerFlowSign, silentRequest(p.flow(first), first, box("x", "SIGN_SEAL", 80, 200)))

	req := taskRequest(p.flow(first), first, first, 200)
	req.SignComponents[0].ComponentValue = first.seal
	refused(p, value, api.SendFlow, req)
	req.SignComponents[0].ComponentValue = "SUBORG_DEFAULT_SEAL"
	refused(p, value, api.SendFlow, req)

	// A review is decided by what holds when it is decided.
	flowID := p.flow(first)
	req = taskRequest(flowID, first, other, 200)
	req.CanOffLine = true
	do(p, api.SendFlow, req)
	act := signRequest(flowID, "", other)
	act.VerifyChannel, act.VerifyResult = "OFFLINE", "paper"
	do(p, api.SignFlow, act)
	p.keep(first, first.seal, "DESTROYED", api.SealKeeper{UserId: other.user})
	reviews, err := p.engine.ListReviews(t.Context(), 1)
	if err != nil || len(reviews) != 1 {
		t.Fatal(err)
	}
	if err := p.engine.DecideReview(t.Context(), reviews[0].ID, true, ""); err == nil {
		t.Error("a destroyed seal was used by a review")
	}
	refused(p, denied, api.SetSealUse, &api.SetSealUseRequest{Caller: first.caller(), SealId: first.seal, State: "ACTIVE"})
	// Nobody tells about somebody else's seals, and nobody unknown keeps one.
	second := p.party(1)
	refused(p, unknown, api.SetSealUse, &api.SetSealUseRequest{Caller: first.caller(), SealId: second.seal, State: "ACTIVE"})
	refused(p, unknown, api.SetSealUse, &api.SetSealUseRequest{Caller: second.caller(), SealId: second.seal, State: "ACTIVE", Keepers: []api.SealKeeper{{UserId: "nobody"}}})
}

// TestTheLegalRepresentativesSealIsTheirs: a keeper is not enough, and neither is the same name under another number.
func TestTheLegalRepresentativesSealIsTheirs(t *testing.T) {
	p := start(t)
	first := p.party(0)
	legal := do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{Caller: first.caller(), SealType: "LEGAL_REPRESENTATIVE", SourceIp: "127.0.0.1"}).SealId
	namesake := p.colleague(first, first.person, "440301198001010010")
	for _, kept := range []bool{false, true} {
		if kept {
			p.keep(first, legal, "ACTIVE", api.SealKeeper{UserId: first.user}, api.SealKeeper{UserId: namesake.user})
		}
		for who, want := range map[party]string{first: "", namesake: api.CodeInvalidParameter} {
			flowID := p.flow(first)
			p.task(flowID, first, who, 200)
			req := signRequest(flowID, "", who)
			req.SignSeals[1].SealId = legal
			_, err := api.SignFlow.Call(t.Context(), p.client, req)
			if api.CodeOf(err) != want {
				t.Errorf("kept %v, user %s: %v, want %q", kept, who.user, err, want)
			}
		}
	}
}

// TestTheSenderFixesTheSeal: a seal or a kind that the sender has fixed is the only one.
func TestTheSenderFixesTheSeal(t *testing.T) {
	p := start(t)
	first := p.party(0)
	official := do(p, api.GenerateOrganizationSeal, &api.GenerateOrganizationSealRequest{Caller: first.caller(), SealType: "OFFICIAL", SourceIp: "127.0.0.1"}).SealId
	for name, c := range map[string]struct{ value, extra, only string }{
		"a seal":                 {official, "", official},
		"the default":            {"SUBORG_DEFAULT_SEAL", "", first.seal},
		"a kind":                 {"", `{"SealType":"OFFICIAL"}`, official},
		"a kind, with its style": {"", `{"SealType":"CONTRACT","Opacity":0.5}`, first.seal},
	} {
		flowID := p.flow(first)
		req := taskRequest(flowID, first, first, 200)
		req.SignComponents[0].ComponentValue, req.SignComponents[0].ComponentExtra = c.value, c.extra
		do(p, api.SendFlow, req)
		for _, seal := range []string{official, first.seal} {
			if act := signRequest(flowID, "", first); seal != c.only {
				act.SignSeals[0].SealId = seal
				refused(p, api.CodeInvalidParameter, api.SignFlow, act)
			}
		}
		loose := signRequest(flowID, "", first)
		loose.SignSeals[0] = api.SignSeal{ComponentId: "seal", SignType: "SIGN_IMAGE", SealContent: base64.StdEncoding.EncodeToString(picturePNG())}
		refused(p, api.CodeInvalidParameter, api.SignFlow, loose)
		act := signRequest(flowID, "", first)
		act.SignSeals[0].SealId = c.only
		do(p, api.SignFlow, act)
		if got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0].ComponentSeals[0].SealId; got != c.only {
			t.Errorf("%s: %s was used", name, got)
		}
	}
	req := taskRequest(p.flow(first), first, first, 200)
	req.SignComponents[0].ComponentValue, req.SignComponents[0].ComponentExtra = official, `{"SealType":"CONTRACT"}`
	refused(p, value, api.SendFlow, req)
}

// TestOnlyMembersSignForAnOrganisation: whoever was taken out of an organisation neither gets a task of it nor signs the one they have.
func TestOnlyMembersSignForAnOrganisation(t *testing.T) {
	p := start(t)
	first := p.party(0)
	other := p.colleague(first, "周强", "440301198001010010")
	members := func(ids ...string) {
		t.Helper()
		do(p, api.SetOrganizationMembers, &api.SetOrganizationMembersRequest{Caller: api.Caller{SubOrganizationId: first.organization}, UserIds: ids})
	}
	flowID := p.flow(first)
	members(first.user, other.user)
	p.task(flowID, first, other, 200)
	token := p.link(flowID, other)
	members(first.user)
	refused(p, denied, api.SignFlow, signRequest(flowID, "", other))
	refused(p, denied, api.RejectFlow, &api.RejectFlowRequest{Caller: other.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1"})
	if err := p.signShown(token, engine.SessionSign{Seals: map[string]string{"seal": first.seal, "hand": other.handwriting}, VerifyChannel: "NONE"}); err == nil {
		t.Error("the page signs for an organisation that its signer has left")
	}
	p.clock.Add(time.Second)
	refused(p, denied, api.SendFlow, taskRequest(p.flow(first), first, other, 200))
	do(p, api.SendFlow, taskRequest(p.flow(first), first, party{user: other.user, handwriting: other.handwriting}, 200)) // as a person
	members(other.user)
	refused(p, api.CodeResourceUnavailable, api.CreateServerFlowSign, silentRequest(p.flow(first), first, box("x", "SIGN_SEAL", 80, 200)))
	do(p, api.SignFlow, signRequest(flowID, "", other))
	refused(p, api.CodeMissingParameter, api.SetOrganizationMembers, &api.SetOrganizationMembersRequest{})
}
