package engine_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

// walk is one engine, the model beside it, and the way so far.
type walk struct {
	*platform
	model
	random    *rand.Rand
	n         int // of the step
	lines     []string
	touched   *modelFlow // by the step
	signedNow bool       // by the step
	checked   int        // files with signatures that were looked at
	picture   string     // base64
	pdf       string     // base64
}

type weighted struct {
	weight int
	step   func()
}

// shownSteps is how much of the way a failure tells.
const shownSteps = 25

// TestModel walks at random through the API and compares each answer with the model, and the store with its invariants after each step.
// SEALDESK_SEED repeats a walk.
func TestModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEALDESK_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SEALDESK_SEED=%d: %d walks of %d steps", seed, modelRounds, modelSteps)
	checked := 0
	for round := range uint64(modelRounds) {
		worked := t.Run(fmt.Sprintf("seed %d", seed+round), func(t *testing.T) {
			w := &walk{platform: start(t), model: model{defaults: map[string]string{}}, random: rand.New(rand.NewPCG(seed+round, 0))}
			w.picture, w.pdf = encode(picture(70, 70)), encode(onePage())
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("SEALDESK_SEED=%d repeats it; the last steps:\n%s", seed+round, strings.Join(w.lines[max(0, len(w.lines)-shownSteps):], "\n"))
				}
			})
			w.run()
			checked += w.checked
		})
		if !worked {
			return // one way to repeat is enough
		}
	}
	if checked == 0 {
		t.Error("no signed file was ever verified: the walks prove too little")
	}
}

func (w *walk) run() {
	// Something of each to choose from.
	for _, step := range []func(){w.newOrganization, w.newOrganization} {
		for before := len(w.orgs); len(w.orgs) == before; {
			step()
		}
	}
	w.users = []*modelUser{}
	for len(w.users) < 3 {
		openID := fmt.Sprintf("first-%d", len(w.users))
		try(w, api.CreateUser, &api.CreateUserRequest{OpenId: openID, Name: "李娜", IdCardType: "ID_CARD", IdCardNumber: "110101199003074418"}, "", "user.create",
			func(r *api.CreateUserResponse) { w.users = append(w.users, &modelUser{id: r.UserId, openID: openID}) })
	}
	w.newSeal()
	w.upload()
	w.create()

	steps := w.steps()
	var table []func()
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		for range steps[name].weight {
			table = append(table, steps[name].step)
		}
	}
	for w.n = 1; w.n <= modelSteps && !w.Failed(); w.n++ {
		w.touched, w.signedNow = nil, false
		pick(w, table)()
		w.check()
	}
	w.checkAll()
	if report, err := w.engine.Evidence().Verify(w.Context()); err != nil || !report.OK() {
		w.Errorf("the evidence: %+v, %v", report, err)
	}
	w.Logf("%d flows, %d signed files verified", len(w.flows), w.checked)
}

// try calls an action and compares the answer with what the model wants: a code, or success and then a record of evidence.
func try[Req, Resp any](w *walk, a api.Action[Req, Resp], req *Req, want, evidence string, apply func(*Resp)) {
	w.Helper()
	before := w.engine.Evidence().Count()
	resp, err := a.Call(w.Context(), w.client, req)
	got := api.CodeOf(err)
	w.note("%s %s: %s", a.Name, short(req), cmp.Or(got, "ok"))
	if want != "" {
		want = engine.DeclaredCode(a.Name, want)
	}
	if got != want || (err != nil && got == "") {
		w.Fatalf("%s: got %q (%v), the model says %q", a.Name, got, err, want)
	}
	after := w.engine.Evidence().Count()
	if err != nil || evidence == "" {
		if after != before && a.Name != api.SignFlow.Name { // a signer gets their certificate before the stamp is tried
			w.Fatalf("%s changed nothing and left %d records of evidence", a.Name, after-before)
		}
	} else {
		last, err := w.engine.Evidence().Get(w.Context(), after-1)
		if err != nil || after == before || last.Action != evidence {
			w.Fatalf("%s: the evidence is %q (%v), want %q", a.Name, last.Action, err, evidence)
		}
	}
	if err == nil {
		apply(resp)
	}
}

// invariants are queries for what must never be in the store. $1 is now.
var invariants = map[string]string{
	"a finished flow with an open task": `SELECT count(*) FROM engine_approvers a JOIN engine_flows f ON f.id = a.flow_id
		WHERE f.status IN (4, 6, 7) AND a.status IN (0, 12, 13) AND a.deadline > $1`,
	"an archived flow that nobody signed": `SELECT count(*) FROM engine_flows f WHERE f.status IN (4, 6, 7) AND $1 > 0
		AND NOT EXISTS (SELECT 1 FROM engine_approvers WHERE flow_id = f.id AND status = 1)`,
	"an owner of seals without exactly one default": `SELECT count(*) FROM (SELECT 1 FROM engine_seals WHERE $1 > 0
		GROUP BY application_id, owner_kind, owner_id HAVING sum(is_default) <> 1)`,
	"a destroyed flow with files": `SELECT count(*) FROM engine_flows f WHERE f.status = 6 AND $1 > 0 AND (
		EXISTS (SELECT 1 FROM engine_flow_files WHERE flow_id = f.id AND ref <> '') OR EXISTS (SELECT 1 FROM engine_flow_versions WHERE flow_id = f.id)
		OR EXISTS (SELECT 1 FROM engine_links WHERE flow_id = f.id AND kind = 'd'))`,
	"a flow without its files": `SELECT count(*) FROM engine_flows f WHERE f.status <> 6 AND $1 > 0
		AND NOT EXISTS (SELECT 1 FROM engine_flow_files WHERE flow_id = f.id AND ref <> '')`,
	"contents that were left to be deleted": `SELECT count(*) FROM engine_doomed WHERE $1 > 0`,
	"a signed task with an empty area": `SELECT count(*) FROM engine_components c JOIN engine_approvers a ON a.sign_id = c.sign_id
		WHERE a.status = 1 AND c.filled = 0 AND $1 > 0`,
	"an unsigned task with a filled area": `SELECT count(*) FROM engine_components c JOIN engine_approvers a ON a.sign_id = c.sign_id
		WHERE a.status <> 1 AND c.filled = 1 AND $1 > 0`,
	"two open tasks of one party": `SELECT count(*) FROM (SELECT 1 FROM engine_approvers WHERE status = 0 AND deadline > $1
		GROUP BY flow_id, user_id, organization_id HAVING count(*) > 1)`,
	"a rejected flow without the one who rejected": `SELECT count(*) FROM engine_flows f WHERE $1 > 0 AND (f.status = 2) <>
		((SELECT count(*) FROM engine_approvers WHERE flow_id = f.id AND status = 2) = 1)`,
	"a withdrawn flow with an open task": `SELECT count(*) FROM engine_approvers a JOIN engine_flows f ON f.id = a.flow_id
		WHERE f.status = 3 AND a.status IN (0, 12, 13) AND a.deadline > $1`,
	"a finished flow without its time": `SELECT count(*) FROM engine_flows WHERE (status IN (2, 3, 4, 6, 7)) <> (completed <> 0) AND $1 > 0`,
}

// check looks at the store after a step.
func (w *walk) check() {
	w.Helper()
	for name, query := range invariants {
		if n, err := w.engine.CountRows(w.Context(), query); err != nil || n != 0 {
			w.Fatalf("%s: %d (%v)", name, n, err)
		}
	}
	if w.touched != nil {
		w.compare(w.touched)
	}
	if w.signedNow && w.chance(2) {
		w.verify(w.touched)
	}
	if w.n%200 == 0 {
		w.checkAll()
	}
}

// compare reads a flow back.
func (w *walk) compare(f *modelFlow) {
	w.Helper()
	if got, want := w.status(f.id), f.status(w.now()); got != want {
		w.Fatalf("flow %s is in state %d, the model says %d", f.id, got, want)
	}
	tasks := do(w.platform, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: f.id}).Approvers
	if len(tasks) != len(f.tasks) {
		w.Fatalf("flow %s has %d tasks, the model says %d", f.id, len(tasks), len(f.tasks))
	}
	for i, t := range f.tasks {
		if got, want := tasks[i], t.status(f, w.now()); got.ApproveStatus != want || got.UserId != t.user || got.SubOrganizationId != t.org {
			w.Fatalf("task %d of flow %s: %+v, the model says state %d of %s", i, f.id, got, want, t.user)
		}
	}
}

// verify downloads a flow's file and checks that there is an intact signature for each signed task.
func (w *walk) verify(f *modelFlow) {
	w.Helper()
	signatures := 0
	for _, t := range f.tasks {
		if t.state == taskSigned {
			signatures++
		}
	}
	report, err := pdf.Verify(w.signedFile(f.id), w.engine.Roots())
	if err != nil || !report.OK || len(report.Signatures) != signatures {
		w.Fatalf("flow %s, %d signed: %+v, %v", f.id, signatures, report, err)
	}
	w.checked++
}

// checkAll compares everything that the model knows with what the API tells.
func (w *walk) checkAll() {
	w.Helper()
	for _, f := range w.flows {
		w.compare(f)
	}
	for _, s := range w.seals {
		if got := do(w.platform, api.DescribeSeals, &api.DescribeSealsRequest{SealIds: []string{s.id}}).Seals[0]; got.DefaultSeal != (w.defaults[s.owner] == s.id) {
			w.Fatalf("seal %s: default %v", s.id, got.DefaultSeal)
		}
	}
	for _, u := range w.users {
		if got := do(w.platform, api.DescribeUsers, &api.DescribeUsersRequest{UserIds: []string{u.id}}).Users[0]; (got.VerifyStatus == 1) != u.verified {
			w.Fatalf("person %s: verified %d", u.id, got.VerifyStatus)
		}
	}
	for _, o := range w.orgs {
		got := do(w.platform, api.DescribeSubOrganizations, &api.DescribeSubOrganizationsRequest{SubOrganizationIds: []string{o.id}}).SubOrganizationInfos[0]
		if (got.VerifyStatus == "Verified") != o.verified {
			w.Fatalf("organisation %s: %s", o.id, got.VerifyStatus)
		}
	}
}

func (w *walk) now() time.Time { return w.clock.Now() }

func (w *walk) chance(in int) bool { return w.random.IntN(in) == 0 }

func (w *walk) note(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf("%5d %s ", w.n, w.now().Format(time.DateTime))+fmt.Sprintf(format, args...))
}

// short is a request without pictures and other long things, which come last.
func short(req any) string {
	text, err := json.Marshal(req)
	if err != nil {
		return err.Error()
	}
	return string(text[:min(len(text), 600)])
}

// flow picks one of the newest flows, seldom an older one, and marks it for a look after the step.
func (w *walk) flow() *modelFlow {
	w.touched = pickLate(w, w.flows)
	return w.touched
}

// signer is mostly somebody with a task in the flow.
func (w *walk) signer(f *modelFlow) (user, org string) {
	if len(f.tasks) == 0 || w.chance(8) {
		return pick(w, w.users).id, w.someOrg()
	}
	t := pick(w, f.tasks)
	return t.user, t.org
}

func (w *walk) someOrg() string {
	if w.chance(2) {
		return ""
	}
	return pick(w, w.orgs).id
}

func pick[T any](w *walk, list []T) T { return list[w.random.IntN(len(list))] }

func pickLate[T any](w *walk, list []T) T {
	if w.chance(10) {
		return pick(w, list)
	}
	return pick(w, list[max(0, len(list)-6):])
}

func without[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(list, func(y T) bool { return y == x })
}

// onePage is the smallest contract that can be signed.
func onePage() []byte {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, body := range []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>"} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	xref := b.Len()
	b.WriteString("xref\n0 4\n0000000000 65535 f \n")
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", xref)
	return []byte(b.String())
}
