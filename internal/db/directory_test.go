package db_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sealdesk/internal/db"
)

func openDirectory(t *testing.T) *db.DB {
	t.Helper()
	at := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	d, err := db.Open(t.Context(), db.Options{Clock: func() time.Time { at = at.Add(time.Second); return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestOrganizationsAreListedNewestFirstInPages(t *testing.T) {
	d := openDirectory(t)
	for i := range 60 {
		must(t, d.AddOrganization(t.Context(), db.Organization{ID: fmt.Sprintf("org%02d", i), Name: fmt.Sprintf("第%02d科技有限公司", i), Kind: "ENTERPRISE"}))
	}
	var seen []string
	page := db.Page{Limit: 25}
	for {
		list, next, err := d.Organizations(t.Context(), db.Everything(), db.DirectoryFilter{}, page)
		must(t, err)
		for _, o := range list {
			seen = append(seen, o.ID)
		}
		if page.After = next; next == "" {
			break
		}
	}
	if len(seen) != 60 || seen[0] != "org59" || seen[59] != "org00" {
		t.Errorf("pages give %d organisations from %v to %v", len(seen), seen[0], seen[len(seen)-1])
	}
	verified := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	must(t, d.UpdateOrganization(t.Context(), db.Organization{ID: "org07", Name: "全新贸易有限公司", Kind: "ENTERPRISE", Verified: verified}))
	yes := true
	found, _, err := d.Organizations(t.Context(), db.Everything(), db.DirectoryFilter{Text: "贸易", Verified: &yes}, db.Page{})
	must(t, err)
	if len(found) != 1 || found[0].ID != "org07" || !found[0].Verified.Equal(verified) {
		t.Errorf("found %+v", found)
	}
	if gone, _, err := d.Organizations(t.Context(), db.Everything(), db.DirectoryFilter{Text: "第07"}, db.Page{}); err != nil || len(gone) != 0 {
		t.Errorf("the former name still finds %+v, %v", gone, err)
	}
}

func TestAddingTwiceChangesNothing(t *testing.T) {
	d := openDirectory(t)
	for range 2 {
		must(t, d.AddOrganization(t.Context(), db.Organization{ID: "o", Name: "示例公司"}), d.AddUser(t.Context(), db.User{ID: "u", Name: "李小龙"}))
	}
	must(t, d.AssignUser(t.Context(), db.Everything(), "u", "o"), d.AssignUser(t.Context(), db.Everything(), "u", "o"))
	counts, err := d.Counters(t.Context(), db.Everything())
	must(t, err)
	if counts["organizations"] != 1 || counts["users"] != 1 {
		t.Errorf("counters %v", counts)
	}
}

func TestPeopleAreCountedOnceWhereverTheySign(t *testing.T) {
	d := openDirectory(t)
	ctx := t.Context()
	must(t, d.AddOrganization(ctx, db.Organization{ID: "a", Name: "甲公司"}), d.AddOrganization(ctx, db.Organization{ID: "b", Name: "乙公司"}),
		d.AddUser(ctx, db.User{ID: "u", Name: "李小龙", Organizations: []db.UserOrganization{{ID: "a"}, {ID: "b"}}}))
	check := func(scope db.Scope, want int64) {
		t.Helper()
		counts, err := d.Counters(ctx, scope)
		must(t, err)
		if counts["users"] != want {
			t.Errorf("%+v counts %d people, want %d", scope, counts["users"], want)
		}
	}
	a, b := db.Scope{Organizations: []string{"a"}}, db.Scope{Organizations: []string{"b"}}
	check(db.Everything(), 1)
	check(a, 1)
	if u, err := d.User(ctx, b, "u"); err != nil || !u.SignsFor("a") || !u.SignsFor("b") {
		t.Errorf("seen from b: %+v, %v", u, err)
	}
	must(t, d.UnassignUser(ctx, a, "u", "a"))
	check(a, 0)
	check(b, 1)
	if _, err := d.User(ctx, a, "u"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a still sees the person: %v", err)
	}
	if err := d.UnassignUser(ctx, a, "u", "b"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a ends an assignment of b: %v", err)
	}
	must(t, d.UnassignUser(ctx, b, "u", "b"))
	check(db.Everything(), 1)
}

func TestOneDefaultSealAnOwner(t *testing.T) {
	d := openDirectory(t)
	ctx := t.Context()
	must(t, d.AddOrganization(ctx, db.Organization{ID: "a", Name: "甲公司"}), d.AddUser(ctx, db.User{ID: "u", Name: "李小龙", Organizations: []db.UserOrganization{{ID: "a"}}}))
	for _, s := range []db.Seal{
		{ID: "1", OrganizationID: "a", OwnerName: "甲公司", Name: "公章", Kind: "OFFICIAL", Source: db.SealGenerated},
		{ID: "2", OrganizationID: "a", OwnerName: "甲公司", Name: "合同专用章", Kind: "CONTRACT", Source: db.SealDrawn, WidthMM: 38, HeightMM: 38},
		{ID: "3", UserID: "u", OwnerName: "李小龙", Name: "签名", Kind: "PERSONAL", Source: db.SealGenerated},
		{ID: "4", OrganizationID: "a", OwnerName: "甲公司", Name: "扫描", Kind: "OTHER", Source: db.SealUploaded, Default: true},
	} {
		must(t, d.AddSeal(ctx, s))
	}
	defaults := func() (ids string) {
		list, _, err := d.Seals(ctx, db.Scope{Organizations: []string{"a"}}, db.SealFilter{}, db.Page{})
		must(t, err)
		if len(list) != 4 {
			t.Fatalf("a sees %d seals, want its own and its person's", len(list))
		}
		for _, s := range list {
			if s.Default {
				ids += s.ID
			}
		}
		return ids
	}
	if got := defaults(); got != "43" {
		t.Errorf("defaults %q, want the newest of the organisation and the person's only one", got)
	}
	must(t, d.SetDefaultSeal(ctx, db.Everything(), "2"), d.KeepSealPicture(ctx, "2", "ref"))
	if got := defaults(); got != "32" {
		t.Errorf("defaults %q after moving", got)
	}
	s, err := d.Seal(ctx, db.Everything(), "2")
	if err != nil || s.Picture != "ref" || s.WidthMM != 38 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := d.Seal(ctx, db.Scope{Organizations: []string{"b"}}, "3"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("another organisation sees the seal: %v", err)
	}
}
