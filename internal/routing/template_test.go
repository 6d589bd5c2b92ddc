package routing_test

import (
	"testing"
	"time"

	"sealdesk/internal/db"
	"sealdesk/internal/routing"
)

func TestFieldsTakeOnlyWhatTheirTypeAllows(t *testing.T) {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	template := db.Draft{DraftDocument: db.DraftDocument{Template: &db.TemplateTerms{}, Components: []db.Component{
		{ID: "1", Type: db.FillSelect, Name: "支付方式", Extra: `{"Values":["转账","支票"],"FontSize":12}`},
		{ID: "2", Type: db.FillDate, Name: "起始日", Required: true},
		{ID: "3", Type: db.FillDate, Name: "起始日", Extra: `{"Format":"yyyy/mm/dd"}`}, // the same field at another place
		{ID: "4", Type: db.FillText, Value: "固定文字"},
	}}}
	for _, test := range []struct{ choice, day, rule string }{
		{"支票", "2026-12-01", ""},
		{"", "2026-12-01", ""},
		{"现金", "2026-12-01", "oneof"},
		{"支票", "", "required"},
		{"支票", "12月1日", "date"},
	} {
		use := db.Use{Name: "合同", OperatorID: "u", Deadline: now.Add(time.Hour), Values: []string{test.choice, test.day}}
		rule := ""
		for _, p := range routing.CheckUse(template, use, now) {
			rule = p.Rule
		}
		if rule != test.rule {
			t.Errorf("%q, %q: told %q, want %q", test.choice, test.day, rule, test.rule)
		}
	}
	made := routing.UseTemplate(template, db.Use{Name: "合同", Values: []string{"转账", "2026-12-01"}})
	if c := made.Components; c[0].Value != "转账" || c[1].Value != "2026年12月1日" || c[2].Value != "2026/12/01" || c[3].Value != "固定文字" {
		t.Errorf("filled in %+v", c)
	}
	if template.Components[0].Value != "" {
		t.Error("the template itself was filled in")
	}
}
