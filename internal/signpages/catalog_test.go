package signpages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
)

func TestCatalogListsItsContracts(t *testing.T) {
	w := newWorld(t)
	flows := []string{w.flow(), w.flow()}
	for _, flow := range flows {
		w.send(flow, func(*api.SendFlowUrlRequest) {})
	}
	c, err := w.engine.CreateCatalog(t.Context(), "年度合同", flows)
	must(t, err)
	deadline := w.clock.Now().Add(time.Hour).Unix()
	signURL, err := api.CreateSignUrl.Call(t.Context(), w.client, &api.CreateSignUrlRequest{Caller: w.caller(), UserId: w.user, Deadline: deadline, SignUrlType: "CATALOG", CatalogId: c.ID})
	must(t, err)
	path := signURL.SignUrl[strings.Index(signURL.SignUrl, "/s/"):]
	page := w.get(path)
	links := page.doc.Find(`main a[href^="/s/"]`)
	if page.status != http.StatusOK || page.doc.Find("h1").Text() != "年度合同" || links.Length() != 2 || !strings.Contains(page.text(), "2 份等待您签署") {
		t.Fatalf("%d: %s", page.status, page.text())
	}
	part, _ := links.First().Attr("href")
	opened := w.get(part)
	if opened.status != http.StatusOK || opened.doc.Find("#sign").Length() != 1 {
		t.Fatalf("the contract's page: %d", opened.status)
	}
	form := opened.filled(t)
	form.Set("Agree", "on")
	if a := w.post(part+"/sign", form); a.status != http.StatusSeeOther {
		t.Fatalf("signing gives %d: %s", a.status, a.body)
	}
	if text := w.get(path).text(); !strings.Contains(text, "1 份等待您签署") {
		t.Errorf("after signing: %s", text)
	}
	if a := w.post(path+"/sign", form); a.status != http.StatusNotFound {
		t.Errorf("a catalog was signed as a contract: %d", a.status)
	}
	previewURL, err := api.CreatePreviewSignUrl.Call(t.Context(), w.client, &api.CreatePreviewSignUrlRequest{Caller: w.caller(), Deadline: deadline, SignUrlType: "CATALOG", CatalogId: c.ID})
	must(t, err)
	path = previewURL.PreviewSignUrl[strings.Index(previewURL.PreviewSignUrl, "/p/"):]
	preview := w.get(path)
	part, _ = preview.doc.Find(`main a[href^="/p/"]`).First().Attr("href")
	if a := w.get(part); a.status != http.StatusOK || a.doc.Find("#sign").Length() != 0 {
		t.Errorf("the preview of a contract: %d", a.status)
	}
	if a := w.get("/s/" + strings.TrimPrefix(path, "/p/")); a.status != http.StatusNotFound {
		t.Errorf("a preview as a signing page: %d", a.status)
	}
}

func TestOfflineSignatureIsReviewed(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.VerifyChannel = []string{"OFFLINE"} })
	form := w.get(path).filled(t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Fatalf("signing gives %d: %s", a.status, a.body)
	}
	if page := w.get(path); page.doc.Find("#sign").Length() != 0 || !strings.Contains(page.text(), "审核") {
		t.Errorf("after submitting: %s", page.text())
	}
	reviews, err := w.engine.ListReviews(t.Context(), 1)
	must(t, err)
	must(t, w.engine.DecideReview(t.Context(), reviews[0].ID, false, "看不清"))
	if page := w.get(path); page.doc.Find("#sign").Length() != 1 || !strings.Contains(page.text(), "看不清") {
		t.Errorf("after the refusal: %s", page.text())
	}
}
