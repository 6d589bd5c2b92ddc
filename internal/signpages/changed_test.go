package signpages

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/engine"
)

// TestAChangedRowStopsTheVisit moves a task's proof of will in the database: whoever opens its link is told so in both languages, and sees
// nothing of the contract.
func TestAChangedRowStopsTheVisit(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, func(o *engine.Options) { o.Memory, o.DataDir = false, dir })
	link := w.send(w.flow(), nil)
	visit := func(language string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+link, nil)
		must(t, err)
		req.Header.Set("Accept-Language", language)
		a := w.do(req)
		return a.status, string(a.body)
	}
	if status, body := visit("zh-CN"); status != http.StatusOK || !strings.Contains(body, "采购合同") {
		t.Fatalf("before: %d", status)
	}
	raw, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, engine.FileName)+"?_busy_timeout=5000")
	must(t, err)
	defer raw.Close()
	_, err = raw.Exec(`UPDATE engine_approvers SET channels = '["VERIFYCODE"]'`)
	must(t, err)
	for language, want := range map[string]string{"zh-CN": "在签署平台之外被人改动过", "en": "changed outside of the signing platform"} {
		status, body := visit(language)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, want) || strings.Contains(body, "采购合同") || strings.Contains(body, "engine_approvers") {
			t.Errorf("%s: %d, %d bytes", language, status, len(body))
		}
	}
}
