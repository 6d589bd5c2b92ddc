package engine_test

import (
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

// prepared is a contract with two tasks of one organisation: one signed by link alone, one by code, whose code has been sent.
type prepared struct {
	*platform
	by, to             party
	flowID, sign       string
	codeFlow, codeSign string
	link, code         string // of the task by code
}

func prepare(p *platform) *prepared {
	a := &prepared{platform: p, by: p.party(0), to: p.party(1)}
	a.flowID = p.flow(a.by)
	a.sign = p.task(a.flowID, a.by, a.to, 200)
	a.codeFlow = p.flow(a.by)
	req := taskRequest(a.codeFlow, a.by, a.to, 200)
	req.VerifyChannel, req.Mobile = []string{"VERIFYCODE"}, "13800000001"
	a.codeSign = do(p, api.SendFlow, req).SignId
	a.link = p.link(a.codeFlow, a.to)
	if err := p.engine.SendCode(p.Context(), a.link); err != nil {
		p.Fatal(err)
	}
	a.code = regexp.MustCompile(`：(\d{6})`).FindStringSubmatch(p.messages())[1]
	do(p, api.SetSealUse, &api.SetSealUseRequest{Caller: api.Caller{SubOrganizationId: a.to.organization}, SealId: a.to.seal, State: "ACTIVE",
		Keepers: []api.SealKeeper{{UserId: a.to.user}}})
	return a
}

// signs tries to sign the task by link alone.
func (a *prepared) signs() error {
	_, err := api.SignFlow.Call(a.Context(), a.client, signRequest(a.flowID, a.sign, a.to))
	return err
}

// signsByCode tries to sign the other task with the code that was sent.
func (a *prepared) signsByCode() error {
	req := signRequest(a.codeFlow, a.codeSign, a.to)
	req.VerifyChannel, req.VerifyResult = "VERIFYCODE", a.code
	_, err := api.SignFlow.Call(a.Context(), a.client, req)
	return err
}

const attackersToken = "a-token-that-the-attacker-chose"

// attacks are what somebody does who writes engine.db, and the door at which it would have paid.
var attacks = []struct {
	name, sql, row string
	args           func(a *prepared) []any
	door           func(a *prepared) error
}{
	{"another file before signing", "UPDATE engine_flow_files SET ref = ?2 WHERE flow_id = ?1", "engine_flow_files",
		func(a *prepared) []any { return []any{a.flowID, strings.Repeat("0", 64)} }, (*prepared).signs},
	{"another number of the signer", "UPDATE engine_users SET mobile_sealed = (SELECT mobile_sealed FROM engine_users WHERE id <> ?1) WHERE id = ?1", "engine_users",
		func(a *prepared) []any { return []any{a.to.user} }, func(a *prepared) error { return a.engine.SendCode(a.Context(), a.link) }},
	{"no code any more", `UPDATE engine_approvers SET channels = '["NONE"]' WHERE sign_id = ?1`, "engine_approvers",
		func(a *prepared) []any { return []any{a.codeSign} }, func(a *prepared) error {
			_, err := api.SignFlow.Call(a.Context(), a.client, signRequest(a.codeFlow, a.codeSign, a.to))
			return err
		}},
	{"a number of one's own for the task", "UPDATE engine_approvers SET mobile_sealed = NULL WHERE sign_id = ?1", "engine_approvers",
		func(a *prepared) []any { return []any{a.codeSign} }, (*prepared).signsByCode},
	{"a link that nobody made", `INSERT INTO engine_links (token_hash, kind, application_id, flow_id, sign_id, target, deadline, created)
		SELECT ?1, kind, application_id, flow_id, sign_id, target, deadline, created FROM engine_links WHERE sign_id = ?2 LIMIT 1`, "engine_links",
		func(a *prepared) []any { h := sha256.Sum256([]byte(attackersToken)); return []any{h[:], a.codeSign} }, func(a *prepared) error {
			_, err := a.engine.SigningSession(a.Context(), attackersToken)
			return err
		}},
	{"a code of another task", "UPDATE engine_codes SET flow_id = 'x', sign_id = 'y', user_id = 'z'; UPDATE engine_codes SET flow_id = ?1, sign_id = ?2, user_id = ?3, expires = expires + 1",
		"engine_codes", func(a *prepared) []any { return []any{a.codeFlow, a.codeSign, a.to.user} }, (*prepared).signsByCode},
	{"a code that counts for real", "UPDATE engine_codes SET attempts = 0, used = 0, expires = expires + 3600000000", "engine_codes", nil, (*prepared).signsByCode},
	{"a keeper whom nobody named", "UPDATE engine_seal_keepers SET valid_until = 0, valid_from = 1 WHERE seal_id = ?1", "engine_seal_keepers",
		func(a *prepared) []any { return []any{a.to.seal} }, (*prepared).signs},
	{"a seal that was another's", "UPDATE engine_seals SET owner_id = ?2 WHERE id = ?1", "engine_seals",
		func(a *prepared) []any { return []any{a.to.seal, a.to.organization + "x"} }, (*prepared).signs},
	{"a picture of a seal", "UPDATE engine_seals SET png_ref = svg_ref WHERE id = ?1", "engine_seals", func(a *prepared) []any { return []any{a.to.seal} }, (*prepared).signs},
	{"a session of the console", "INSERT INTO engine_console (token_hash, kind, expires, used, created) VALUES (?1, 'session', ?2, ?3, ?3)", "engine_console",
		func(a *prepared) []any {
			h := sha256.Sum256([]byte(attackersToken))
			return []any{h[:], a.clock.Now().Add(time.Hour).UnixMicro(), a.clock.Now().UnixMicro()}
		}, func(a *prepared) error { return a.engine.ConsoleSession(a.Context(), attackersToken) }},
	{"a contract that is over", "UPDATE engine_flows SET status = 4 WHERE id = ?1", "engine_flows", func(a *prepared) []any { return []any{a.flowID} }, func(a *prepared) error {
		_, err := api.DescribeFlow.Call(a.Context(), a.client, &api.DescribeFlowRequest{FlowId: a.flowID})
		return err
	}},
	{"where callbacks go", "UPDATE engine_flows SET callback_url = 'https://attacker.example' WHERE id = ?1", "engine_flows",
		func(a *prepared) []any { return []any{a.flowID} }, (*prepared).signs},
	{"somebody else's account", "INSERT INTO engine_user_accounts (user_id, account_id, name) VALUES (?1, 'acc_attacker', 'Eve')", "engine_user_accounts",
		func(a *prepared) []any { return []any{a.to.user} }, func(a *prepared) error {
			flow := a.platform.flow(a.by)
			req := taskRequest(flow, a.by, a.to, 300)
			req.VerifyChannel = []string{"ACCOUNT"}
			sign := do(a.platform, api.SendFlow, req).SignId
			_, err := api.CreateAccountSignUrl.Call(a.Context(), a.client, &api.CreateAccountSignUrlRequest{Caller: a.to.caller(), FlowId: flow,
				SignId: sign, UserId: a.to.user, AccountId: "acc_attacker", SecondFactor: true, Deadline: a.clock.Now().Add(time.Hour).Unix()})
			return err
		}},
}

// TestNothingFollowsFromRowsThatSomebodyWrote changes engine.db as an attacker does, each time in a folder of its own, and goes to the door where
// that would have paid: it is refused for that reason, nothing is signed, and an event, the running program and verifying tell of the row.
func TestNothingFollowsFromRowsThatSomebodyWrote(t *testing.T) {
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			p, raw := inFolder(t)
			a := prepare(p)
			var args []any
			if attack.args != nil {
				args = attack.args(a)
			}
			before := len(p.evidence("flow.sign"))
			for _, query := range strings.Split(attack.sql, "; ") {
				rawly(t, raw, query, args[:min(len(args), strings.Count(query, "?"))]...)
			}
			err := attack.door(a)
			if !errors.Is(err, engine.ErrRowChanged) && !api.IsCode(err, api.CodeInternalErrorRowChanged) {
				t.Errorf("the door says %v", err)
			}
			if n := len(p.evidence("flow.sign")); n != before {
				t.Errorf("%d signatures were made", n-before)
			}
			rows := p.engine.Evidence().ChangedRows()
			if len(rows) == 0 || rows[0].Table != attack.row {
				t.Errorf("the program tells of %v", rows)
			}
			if found := p.changedRows(); len(found) == 0 || !strings.HasPrefix(found[0], "row "+attack.row+" ") {
				t.Errorf("verifying finds %v", found)
			}
			if err := p.engine.Evidence().Close(); err != nil { // which waits for the event
				t.Fatal(err)
			}
			told := p.evidence(audit.ActionRowChanged)
			if len(told) == 0 || told[0].Outcome != audit.Denied || !strings.Contains(told[0].DetailText, attack.row) {
				t.Errorf("the evidence tells %+v", told)
			}
		})
	}
}

// TestHonestDoorsStayOpen does at the same doors what the attacks are compared with.
func TestHonestDoorsStayOpen(t *testing.T) {
	p, _ := inFolder(t)
	a := prepare(p)
	if err := errors.Join(a.signs(), a.signsByCode()); err != nil {
		t.Error(err)
	}
	if found := p.changedRows(); found != nil {
		t.Error(found)
	}
}

// TestADeletedRowHidesNoSimulation takes away what the database keeps of settings: the evidence says all the same that the world was simulated.
func TestADeletedRowHidesNoSimulation(t *testing.T) {
	dir := t.TempDir()
	in := func(simulate bool) *platform {
		return start(t, func(o *engine.Options) { o.Memory, o.DataDir, o.Simulate = false, dir, simulate })
	}
	p := in(true)
	if err := errors.Join(p.engine.BeginServing(t.Context()), p.engine.AdvanceClock(t.Context(), time.Hour), p.engine.Close()); err != nil {
		t.Fatal(err)
	}
	raws(t, attacker(t, dir), "DELETE FROM engine_settings")
	p = in(false)
	if err := p.engine.BeginServing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ends, clocks := p.evidence("simulation.end"), p.evidence(audit.ActionClock); len(ends) != 1 || len(clocks) != 2 {
		t.Errorf("%d events tell of the end of simulation, %d of the clock", len(ends), len(clocks))
	}
}

// TestSealsThatSomebodyTookAwayStayAway takes all MACs away, and the event that says there were any: the next start makes no new ones.
func TestSealsThatSomebodyTookAwayStayAway(t *testing.T) {
	for name, further := range map[string]string{
		"the MACs alone": "", "and what the event says": "UPDATE audit_events SET detail = '{}' WHERE action = 'rows.sealed'",
		"and the event": "DELETE FROM audit_events WHERE action = 'rows.sealed'",
	} {
		p, raw := inFolder(t)
		a := prepare(p)
		if err := p.engine.Close(); err != nil {
			t.Fatal(err)
		}
		for _, table := range engine.SealedRows(nil).Tables {
			raws(t, raw, "UPDATE "+table.Name+" SET mac = NULL")
		}
		raws(t, raw, "UPDATE engine_users SET name = 'Eve'")
		if further != "" {
			raws(t, raw, "DROP TRIGGER audit_events_no_update", "DROP TRIGGER audit_events_no_delete", further)
		}
		face, renderer := drawing(t)
		e, err := engine.New(t.Context(), engine.Options{DataDir: p.dir(), PublicURL: "http://engine.test", Face: face, Renderer: renderer})
		if !errors.Is(err, engine.ErrRowChanged) {
			t.Errorf("%s: the next start says %v, %v", name, e, err)
		}
		if n := len(rawTexts(t, raw, "SELECT 1 FROM engine_users WHERE mac IS NOT NULL")); n > 0 || a.to.user == "" {
			t.Errorf("%s: %d people have MACs again", name, n)
		}
	}
}

// TestACodeHoldsForItsTaskAlone moves a code that was sent, by writes that seal the row anew: its hash holds for what it was sent for and for
// nothing else.
func TestACodeHoldsForItsTaskAlone(t *testing.T) {
	p := start(t)
	a := prepare(p)
	for column, value := range map[string]any{"flow_id": a.flowID, "sign_id": "", "user_id": "", "id": "another"} {
		var was string
		if err := p.engine.Row(p.Context(), "SELECT "+column+" FROM engine_codes", &was); err != nil {
			t.Fatal(err)
		}
		if err := p.engine.Exec(p.Context(), "UPDATE engine_codes SET "+column+" = $1", value); err != nil {
			t.Fatal(err)
		}
		if err := a.signsByCode(); !api.IsCode(err, api.CodeInvalidParameterInvalidVerifyResult) {
			t.Errorf("a code whose %s is another: %v", column, err)
		}
		if err := p.engine.Exec(p.Context(), "UPDATE engine_codes SET "+column+" = $1", was); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.signsByCode(); err != nil {
		t.Errorf("in its own place: %v", err)
	}
}
