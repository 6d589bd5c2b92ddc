package routing_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

// TestOneSignsOnlyForOnesOwn: whoever is not assigned to an organisation neither signs nor operates for it; both are named.
func TestOneSignsOnlyForOnesOwn(t *testing.T) {
	b := newBench(t)
	r, stop := b.router()
	defer stop()
	ctx := t.Context()
	d := b.draft()
	made, err := api.CreateSubOrganizationAndSeal.Call(ctx, b.client, &api.CreateSubOrganizationAndSealRequest{Name: "别的公司", IdCardType: "USCC",
		IdCardNumber: "91110108MA01EXAM2F", OrganizationType: "ENTERPRISE", LegalName: "李娜", LegalIdCardType: "ID_CARD", LegalIdCardNumber: "110101198503072027",
		VerifyClientIp: "127.0.0.1", SealType: "CONTRACT"})
	if err != nil {
		t.Fatal(err)
	}
	other := made.SubOrganizationId
	if err := b.db.AddOrganization(ctx, db.Organization{ID: other, Name: "别的公司", Kind: "ENTERPRISE", IDCardType: "USCC", IDCardNumber: "x", Verified: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		want   []string
		change func(*db.Draft)
	}{
		"their own": {nil, func(d *db.Draft) { d.Approvers[1].OrganizationID, d.Approvers[1].OrganizationName = b.org, "本公司" }},
		"a signer of another": {[]string{"person_foreign 王小明 · 别的公司"}, func(d *db.Draft) {
			d.Approvers[1].OrganizationID, d.Approvers[1].OrganizationName = other, "别的公司"
		}},
		"an operator of another": {[]string{"operator_foreign 王小明 · 别的公司"}, func(d *db.Draft) { d.OrganizationID = other }},
		"nobody whom we know": {[]string{"person_foreign 某人 · 本公司"}, func(d *db.Draft) {
			d.Approvers[1] = db.DraftApprover{ID: "a1", UserID: "nobody", UserName: "某人", OrganizationID: b.org, OrganizationName: "本公司", Channels: []string{"NONE"}, Step: 1}
		}},
		"a check that is skipped": {[]string{"none_alone 王小明"}, func(d *db.Draft) { d.Approvers[1].Channels = []string{"FACEID", "NONE"} }},
	} {
		changed := d
		changed.Approvers = slices.Clone(d.Approvers)
		c.change(&changed)
		problems, err := r.Check(ctx, changed)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range problems {
			if strings.HasSuffix(p.Rule, "_foreign") || p.Rule == "none_alone" {
				got = append(got, p.Rule+" "+p.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	foreign, err := b.db.SaveDraft(ctx, db.Everything(), d.ID, d.Revision, func(d *db.Draft) error {
		d.Approvers[1].OrganizationID, d.Approvers[1].OrganizationName = other, "别的公司"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(ctx, db.Everything(), d.ID, foreign.Revision); !errors.As(err, new(*routing.PreflightError)) {
		t.Errorf("sent for somebody else's organisation: %v", err)
	}
}

// TestWhoHasLeftIsNotSentTo: between two steps the signer of the second is taken out of the organisation.
func TestWhoHasLeftIsNotSentTo(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	d := b.draft()
	d, err := b.db.SaveDraft(ctx, db.Everything(), d.ID, d.Revision, func(d *db.Draft) error {
		for i := range d.Approvers {
			d.Approvers[i].OrganizationID, d.Approvers[i].OrganizationName = b.org, "本公司"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := routing.New(routing.Options{DB: b.db, Client: b.client, Files: b.files}) // does nothing yet
	if err != nil {
		t.Fatal(err)
	}
	flowID, err := waiting.Send(ctx, db.Everything(), d.ID, d.Revision)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.UnassignUser(ctx, db.Everything(), b.people[1], b.org); err != nil {
		t.Fatal(err)
	}
	_, stop := b.router()
	defer stop()
	if f := b.until(flowID, db.FlowFailed); f.Problem != db.CodeForeignSigner {
		t.Errorf("the flow says %q", f.Problem)
	}
	if got := b.wire.count("SendFlow"); got != 1 {
		t.Errorf("%d people were sent to", got)
	}
	if err := b.db.AssignUser(ctx, db.Everything(), b.people[1], b.org); err != nil {
		t.Fatal(err)
	}
	if err := waiting.Retry(ctx, db.Everything(), flowID); err != nil {
		t.Fatal(err)
	}
}
