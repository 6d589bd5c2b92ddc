package engine_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

func TestCatalogs(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	ctx := t.Context()
	a, b := p.flow(first), p.flow(first)
	signID := p.task(a, first, first, 200)
	p.task(a, first, second, 400)
	other := p.task(b, first, first, 200)
	for name, c := range map[string]struct {
		code  string
		name  string
		flows []string
	}{
		"no name":        {api.CodeMissingParameter, "", []string{a}},
		"no flow":        {api.CodeMissingParameter, "x", nil},
		"unknown flow":   {unknown, "x", []string{"nothing"}},
		"the same twice": {value, "x", []string{a, a}},
		"a long name":    {value, strings.Repeat("长", 201), []string{a}},
	} {
		if _, err := p.engine.CreateCatalog(ctx, c.name, c.flows); !api.IsCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	c, err := p.engine.CreateCatalog(ctx, "年度合同", []string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.engine.ListCatalogs(ctx)
	if err != nil || len(list) != 1 || list[0].ID != c.ID || list[0].Name != "年度合同" || !slices.Equal(list[0].FlowIDs, []string{a, b}) || !list[0].Created.Equal(c.Created) {
		t.Errorf("%+v, %v", list, err)
	}

	approvers := do(p, api.DescribeCatalogApprovers, &api.DescribeCatalogApproversRequest{CatalogId: c.ID}).Approvers
	if len(approvers) != 2 || approvers[0].FlowId != a || len(approvers[0].Approvers) != 2 || approvers[0].Approvers[0].SignId != signID || len(approvers[1].Approvers) != 1 {
		t.Errorf("%+v", approvers)
	}
	approvers = do(p, api.DescribeCatalogApprovers, &api.DescribeCatalogApproversRequest{CatalogId: c.ID, UserId: second.user}).Approvers
	if len(approvers) != 2 || len(approvers[0].Approvers) != 1 || approvers[0].Approvers[0].UserId != second.user || len(approvers[1].Approvers) != 0 {
		t.Errorf("%+v", approvers)
	}
	refused(p, value, api.DescribeCatalogApprovers, &api.DescribeCatalogApproversRequest{CatalogId: "nothing"})

	components := func(q party) []api.CatalogComponents {
		return do(p, api.DescribeCatalogSignComponents, &api.DescribeCatalogSignComponentsRequest{Caller: q.caller(), CatalogId: c.ID}).SignComponents
	}
	got := components(first)
	if len(got) != 2 || got[0].FlowId != a || got[0].SignId != signID || got[1].SignId != other || len(got[0].SignComponents) != 3 ||
		got[0].SignComponents[0].ComponentId != "seal" || got[0].SignComponents[0].ComponentWidth != 119 {
		t.Errorf("%+v", got)
	}
	refused(p, unknown, api.DescribeCatalogSignComponents, &api.DescribeCatalogSignComponentsRequest{Caller: first.caller(), CatalogId: "nothing"})
	refused(p, api.CodeMissingParameter, api.DescribeCatalogSignComponents, &api.DescribeCatalogSignComponentsRequest{CatalogId: c.ID})

	deadline := p.clock.Now().Add(time.Hour).Unix()
	link := func(q party) *api.CreateSignUrlRequest {
		return &api.CreateSignUrlRequest{Caller: q.caller(), UserId: q.user, Deadline: deadline, SignUrlType: "CATALOG", CatalogId: c.ID}
	}
	token := strings.TrimPrefix(do(p, api.CreateSignUrl, link(first)).SignUrl, "http://engine.test/s/")
	if _, err := p.engine.SigningSession(ctx, token); !errors.Is(err, engine.ErrCatalogLink) {
		t.Errorf("a catalog's link as that of a flow: %v", err)
	}
	s, err := p.engine.CatalogSession(ctx, token)
	if err != nil || s.Kind != engine.LinkSign || s.Name != "年度合同" || s.Signer != first.person || len(s.Entries) != 2 || !s.Entries[0].CanSign ||
		s.Entries[0].Organization != first.name || s.Entries[0].FlowName != "采购合同" {
		t.Fatalf("%+v, %v", s, err)
	}
	again, err := p.engine.CatalogSession(ctx, token)
	if err != nil || again.Entries[0].Token != s.Entries[0].Token {
		t.Errorf("the page has other links each time: %v", err)
	}
	for _, entry := range s.Entries {
		err := p.signShown(entry.Token, engine.SessionSign{Seals: map[string]string{"seal": first.seal, "hand": first.handwriting}, VerifyChannel: "NONE"})
		if err != nil {
			t.Fatal(err)
		}
	}
	if s, err = p.engine.CatalogSession(ctx, token); err != nil || s.Entries[0].CanSign || s.Entries[1].Status != engine.ApproverSigned || s.Entries[1].FlowStatus != engine.FlowSigned {
		t.Errorf("%+v, %v", s, err)
	}
	if len(components(first)) != 0 || len(components(second)) != 1 {
		t.Error("what is signed is still to sign")
	}
	refused(p, denied, api.CreateSignUrl, link(first))
	stranger := link(first)
	stranger.UserId = "nobody"
	refused(p, unknown, api.CreateSignUrl, stranger)
	stranger.CatalogId = "nothing"
	refused(p, unknown, api.CreateSignUrl, stranger)

	preview := &api.CreatePreviewSignUrlRequest{Caller: first.caller(), Deadline: deadline, SignUrlType: "CATALOG", CatalogId: c.ID}
	token = strings.TrimPrefix(do(p, api.CreatePreviewSignUrl, preview).PreviewSignUrl, "http://engine.test/p/")
	if s, err = p.engine.CatalogSession(ctx, token); err != nil || s.Kind != engine.LinkPreview || s.Signer != "" || len(s.Entries) != 2 || s.Entries[0].CanSign {
		t.Errorf("%+v, %v", s, err)
	}
	if shown, err := p.engine.SigningSession(ctx, s.Entries[1].Token); err != nil || shown.FlowID != b || shown.Kind != engine.LinkPreview {
		t.Errorf("%+v, %v", shown, err)
	}
	if _, err := p.engine.CatalogSession(ctx, s.Entries[1].Token); !errors.Is(err, engine.ErrLinkUnknown) {
		t.Errorf("a flow's link as that of a catalog: %v", err)
	}
	preview.CatalogId = "nothing"
	refused(p, unknown, api.CreatePreviewSignUrl, preview)
	empty, err := p.engine.CreateCatalog(ctx, "未发出", []string{p.flow(first)})
	if err != nil {
		t.Fatal(err)
	}
	preview.CatalogId = empty.ID
	refused(p, denied, api.CreatePreviewSignUrl, preview)

	urls := do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{c.ID}, BusinessType: "CATALOG", FileType: "PDF"})
	if urls.TotalCount != 2 || urls.FileUrls[0].FlowId != a || urls.FileUrls[1].FlowId != b || urls.FileUrls[1].Index != 1 {
		t.Errorf("%+v", urls)
	}
	archive := do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{c.ID}, BusinessType: "CATALOG", FileType: "ZIP"})
	_, data := p.get(archive.FileUrls[0].Url)
	if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err != nil || len(z.File) != 2 {
		t.Errorf("%v", err)
	}
	refused(p, unknown, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{"nothing"}, BusinessType: "CATALOG"})
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: first.caller(), FlowId: b})
	do(p, api.DestroyFlowFile, &api.DestroyFlowFileRequest{FlowId: b})
	if urls = do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{c.ID}, BusinessType: "CATALOG"}); urls.TotalCount != 1 {
		t.Errorf("%+v", urls)
	}
}
