package handlers

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/config"
)

func TestTestingTheConnectionTellsGoodFromBad(t *testing.T) {
	good := startPortal(t).as(auth.Admin)
	good.get("/settings").wantStatus(http.StatusOK).wantText("main", "内置引擎")
	good.post("/settings/test", nil).wantStatus(http.StatusOK).wantText(".notice-ok", "连接正常")
	fragment := good.with("HX-Request", "true").post("/settings/test", nil).wantStatus(http.StatusOK)
	if fragment.find("nav").Length() != 0 || fragment.find(".notice-ok").Length() != 1 {
		t.Errorf("htmx got %s", fragment.body)
	}

	code := ""
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer := fmt.Sprintf(`{"Response":{"Error":{"Code":%q,"Message":"no"},"RequestId":"s1"}}`, code)
		if code == "" {
			answer = "<html>Please log in to the hotel's network</html>"
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	defer cloud.Close()
	bad := startPortal(t, func(s *portalSettings) { s.endpoint = cloud.URL }).as(auth.Admin)
	for refusal, want := range map[string]string{
		"AuthFailure.SecretIdNotFound":      "不认识这个密钥编号",
		"AuthFailure.SignatureFailure":      "不配对",
		"AuthFailure.SignatureExpire":       "NTP",
		"AuthFailure.UnauthorizedOperation": "访问管理",
		"UnauthorizedOperation":             "--application-id",
		"AuthFailure.MFAFailure":            "多因素", // one of the catalogue of all errors
	} {
		code = refusal
		bad.post("/settings/test", nil).wantStatus(http.StatusOK).wantText(".notice-danger", want).wantText(".notice-danger code", refusal)
	}
	code = "ResourceNotFound"
	bad.post("/settings/test", nil).wantText(".notice-ok", "连接正常")
	code = ""
	bad.post("/settings/test", nil).wantText(".notice-danger", "不像签署平台的应答")
	cloud.Close()
	bad.post("/settings/test", nil).wantText(".notice-danger", "拒绝了连接")

	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	for endpoint, want := range map[string]string{untrusted.URL: "不受这台机器信任", "http://nowhere.invalid": "找不到主机"} {
		v := startPortal(t, func(s *portalSettings) { s.endpoint = endpoint }).as(auth.Admin)
		v.post("/settings/test", nil).wantText(".notice-danger", want)
	}
}

func TestTestingTheConnectionTellsTheSkewOfTheClocks(t *testing.T) {
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, `{"Response":{"Error":{"Code":"ResourceNotFound","Message":"no"},"RequestId":"s1"}}`); err != nil {
			t.Error(err)
		}
	}))
	defer cloud.Close()
	p := startPortal(t, func(s *portalSettings) { s.endpoint = cloud.URL })
	p.as(auth.Admin).post("/settings/test", nil).wantText("form", "时钟与平台一致")
	p.clock.advance(30 * time.Second)
	ahead := p.visitor()
	ahead.logIn("admin", testPassword)
	ahead.post("/settings/test", nil).wantText("form .muted", "快 3")
	p.clock.advance(-10 * time.Minute)
	p.as(auth.Admin).post("/settings/test", nil).wantText(".notice-wait", "慢 5").wantText(".notice-wait", "校准")
}

func TestAdministratorsSeeTheConfiguration(t *testing.T) {
	p := startPortal(t, func(s *portalSettings) {
		s.settings = []config.Setting{
			{Name: "listen", Env: "SEALDESK_LISTEN", Value: "127.0.0.1:9", Set: true, Source: config.FromEnv},
			{Name: "secret-key", Env: "SEALDESK_SECRET_KEY", Secret: true, Set: true, Source: config.FromFile},
			{Name: "region", Env: "SEALDESK_REGION", Source: config.FromDefault},
		}
	})
	page := p.as(auth.Admin).get("/settings/configuration").wantStatus(http.StatusOK)
	var rows []string
	for _, row := range page.find("tbody tr").EachIter() {
		rows = append(rows, strings.Join(strings.Fields(row.Text()), ""))
	}
	want := []string{"--listenSEALDESK_LISTEN127.0.0.1:9环境变量", "--secret-keySEALDESK_SECRET_KEY已设置，不显示文件", "--regionSEALDESK_REGION未设置默认"}
	if strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("shown %q", rows)
	}
	p.as(auth.Business).get("/settings/configuration").wantStatus(http.StatusForbidden)
	p.as(auth.Compliance).get("/settings/configuration").wantStatus(http.StatusForbidden)
}
