package engine_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// checked is what a check answered: a result, or a code.
type checked struct {
	result int64
	code   string
}

func (p *platform) idCard(name, card string) checked {
	r, err := api.CheckIdCardVerification.Call(p.Context(), p.client, &api.CheckIdCardVerificationRequest{Name: name, IdCardNumber: card})
	if err != nil {
		return checked{code: api.CodeOf(err)}
	}
	p.described(r.Description)
	return checked{result: r.Result}
}

func (p *platform) mobileAndName(name, mobile string) checked {
	r, err := api.CheckMobileAndName.Call(p.Context(), p.client, &api.CheckMobileAndNameRequest{Name: name, Mobile: mobile})
	if err != nil {
		return checked{code: api.CodeOf(err)}
	}
	p.described(r.Description)
	return checked{result: r.Result}
}

func (p *platform) mobile(name, mobile, card string) checked {
	r, err := api.CheckMobileVerification.Call(p.Context(), p.client, &api.CheckMobileVerificationRequest{Name: name, Mobile: mobile, IdCardNumber: card})
	if err != nil {
		return checked{code: api.CodeOf(err)}
	}
	p.described(r.Description)
	return checked{result: r.Result}
}

// bankCard asks all four actions that can be asked so, which must agree.
func (p *platform) bankCard(name, bank, card, mobile string) checked {
	p.Helper()
	r, err := api.CheckBankCardVerification.Call(p.Context(), p.client, &api.CheckBankCardVerificationRequest{Name: name, BankCard: bank, IdCardNumber: card, Mobile: mobile})
	got := checked{code: api.CodeOf(err)}
	if err == nil {
		p.described(r.Description)
		got.result = r.Result
	}
	four, err := api.CheckBankCard4EVerification.Call(p.Context(), p.client, &api.CheckBankCard4EVerificationRequest{Name: name, BankCard: bank, IdCardNumber: card, Mobile: mobile})
	if code := api.CodeOf(err); code != got.code || err == nil && four.Result != got.result {
		p.Errorf("4E answers %+v %s, the general check %+v", four, code, got)
	}
	if mobile == "" && card != "" {
		three, err := api.CheckBankCard3EVerification.Call(p.Context(), p.client, &api.CheckBankCard3EVerificationRequest{Name: name, BankCard: bank, IdCardNumber: card})
		if code := api.CodeOf(err); code != got.code || err == nil && three.Result != got.result {
			p.Errorf("3E answers %+v %s, the general check %+v", three, code, got)
		}
	}
	if mobile == "" && card == "" {
		two, err := api.CheckBankCard2EVerification.Call(p.Context(), p.client, &api.CheckBankCard2EVerificationRequest{Name: name, BankCard: bank})
		if code := api.CodeOf(err); code != got.code || err == nil && two.Result != got.result {
			p.Errorf("2E answers %+v %s, the general check %+v", two, code, got)
		}
	}
	return got
}

func (p *platform) described(text string) {
	p.Helper()
	if text == "" {
		p.Error("a result without a description")
	}
}

// TestChecksCompareWithTheRegister covers what follows from comparing.
func TestChecksCompareWithTheRegister(t *testing.T) {
	p := start(t)
	all := engine.TestIdentities()
	lin, other, nobody := all[0], all[1], all[2]
	const freeCard, freeMobile, freeBank = "11010519491231002X", "13800138000", "4111111111111111"
	for name, tt := range map[string]struct {
		got  checked
		want int64
	}{
		"id card: agrees":            {p.idCard(lin.Name, lin.IDCard), 0},
		"id card: other writing":     {p.idCard("买买提•吐尔逊", strings.ToLower(other.IDCard)), 0},
		"id card: another's":         {p.idCard(lin.Name, other.IDCard), 1},
		"id card: check digit":       {p.idCard(lin.Name, "110105194912310021"), 101},
		"id card: name":              {p.idCard("林1", lin.IDCard), 102},
		"id card: not on record":     {p.idCard(lin.Name, freeCard), 104},
		"mobile: agrees":             {p.mobileAndName(lin.Name, lin.Mobile), 0},
		"mobile: with +86":           {p.mobileAndName(lin.Name, "+86"+lin.Mobile), 0},
		"mobile: nobody's":           {p.mobileAndName(lin.Name, nobody.Mobile), 1},
		"mobile: another's":          {p.mobileAndName(lin.Name, other.Mobile), 2},
		"mobile: no record":          {p.mobileAndName(lin.Name, freeMobile), 101},
		"mobile: name":               {p.mobileAndName("x", lin.Mobile), 102},
		"mobile: number":             {p.mobileAndName(lin.Name, "15400000000"), 103},
		"three: agree":               {p.mobile(lin.Name, lin.Mobile, lin.IDCard), 0},
		"three: nobody's mobile":     {p.mobile(lin.Name, nobody.Mobile, lin.IDCard), 1},
		"three: another's mobile":    {p.mobile(lin.Name, other.Mobile, lin.IDCard), 2},
		"three: another's card":      {p.mobile(lin.Name, lin.Mobile, other.IDCard), 3},
		"three: no record":           {p.mobile(lin.Name, freeMobile, lin.IDCard), 101},
		"three: card":                {p.mobile(lin.Name, lin.Mobile, "1"), 104},
		"bank card: two agree":       {p.bankCard(lin.Name, lin.BankCard, "", ""), 0},
		"bank card: three agree":     {p.bankCard(lin.Name, lin.BankCard, lin.IDCard, ""), 0},
		"bank card: four agree":      {p.bankCard(lin.Name, lin.BankCard, lin.IDCard, lin.Mobile), 0},
		"bank card: name and mobile": {p.bankCard(lin.Name, lin.BankCard, "", lin.Mobile), 0},
		"bank card: another's":       {p.bankCard(other.Name, lin.BankCard, "", ""), 1},
		"bank card: another's id":    {p.bankCard(lin.Name, lin.BankCard, other.IDCard, ""), 2},
		"bank card: other mobile":    {p.bankCard(lin.Name, lin.BankCard, lin.IDCard, other.Mobile), 2},
		"bank card: unknown":         {p.bankCard(lin.Name, freeBank, "", ""), 5},
		"bank card: name":            {p.bankCard("!", lin.BankCard, "", ""), 101},
		"bank card: Luhn":            {p.bankCard(lin.Name, "4111111111111112", "", ""), 102},
		"bank card: id":              {p.bankCard(lin.Name, lin.BankCard, "1", ""), 104},
		"bank card: mobile":          {p.bankCard(lin.Name, lin.BankCard, lin.IDCard, "1"), 105},
	} {
		if tt.got != (checked{result: tt.want}) {
			t.Errorf("%s: %+v, want %d", name, tt.got, tt.want)
		}
	}
}

// TestWantedResults covers what only comes when it is wanted, by the people that a new register holds.
func TestWantedResults(t *testing.T) {
	p := start(t)
	for _, i := range engine.TestIdentities() {
		want := func(result string) checked {
			if result == "error" {
				return checked{code: api.CodeInternalErrorApi}
			}
			code, _ := strconv.ParseInt(result, 10, 64) // 0 for none
			return checked{result: code}
		}
		if i.Name == "" {
			continue
		}
		if got := p.idCard(i.Name, i.IDCard); got != want(i.IDCardResult) {
			t.Errorf("%s: id card %+v, want %s", i.Name, got, i.IDCardResult)
		}
		if got := p.mobileAndName(i.Name, i.Mobile); got != want(i.MobileResult) {
			t.Errorf("%s: mobile %+v, want %s", i.Name, got, i.MobileResult)
		}
		if got := p.mobile(i.Name, i.Mobile, i.IDCard); got != want(i.MobileResult) {
			t.Errorf("%s: mobile %+v, want %s", i.Name, got, i.MobileResult)
		}
		if got := p.bankCard(i.Name, i.BankCard, i.IDCard, i.Mobile); got != want(i.BankCardResult) {
			t.Errorf("%s: bank card %+v, want %s", i.Name, got, i.BankCardResult)
		}
	}
}

func TestRegister(t *testing.T) {
	p := start(t)
	ctx := t.Context()
	made := len(engine.TestIdentities())
	id, err := p.engine.PutIdentity(ctx, engine.Identity{Name: " 赵敏 ", IDCard: "11010519491231002x", Mobile: "+8613800138000", BankCard: "4111 1111 1111 1111"})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.idCard("赵敏", "11010519491231002X"); got != (checked{}) {
		t.Errorf("a new identity: %+v", got)
	}
	i, err := p.engine.FindIdentity(ctx, id)
	if err != nil || i.Name != "赵敏" || i.IDCard != "11010519491231002X" || i.Mobile != "13800138000" || i.BankCard != "4111111111111111" || i.Created.IsZero() {
		t.Errorf("%+v, %v", i, err)
	}
	i.IDCardResult = "103"
	if _, err := p.engine.PutIdentity(ctx, i); err != nil {
		t.Fatal(err)
	}
	if got := p.idCard("赵敏", "11010519491231002X"); got.result != 103 {
		t.Errorf("a changed identity: %+v", got)
	}
	found, next, err := p.engine.ListIdentities(ctx, "赵", "", 10)
	if err != nil || len(found) != 1 || next != "" || found[0].ID != id {
		t.Errorf("%+v, %q, %v", found, next, err)
	}
	n := 0
	for after := ""; ; n++ {
		page, next, err := p.engine.ListIdentities(ctx, "", after, 5)
		if err != nil || len(page) == 0 || n > 10 {
			t.Fatalf("page %d: %d rows, %v", n, len(page), err)
		}
		if after = next; next == "" {
			break
		}
	}
	if want := made / 5; n != want {
		t.Errorf("%d pages, want %d", n+1, want+1)
	}
	for _, tt := range []struct {
		row         engine.Identity
		field, rule string
	}{
		{engine.Identity{Name: "赵敏"}, "", "empty"},
		{engine.Identity{Name: "1", Mobile: "13800138000"}, "name", "form"},
		{engine.Identity{IDCard: "110105194912310021"}, "id_card", "check"},
		{engine.Identity{IDCard: "990105194912310021"}, "id_card", "region"},
		{engine.Identity{IDCard: "110105190002290021"}, "id_card", "birth"},
		{engine.Identity{Mobile: "15400000000"}, "mobile", "range"},
		{engine.Identity{BankCard: "4111111111111112"}, "bank_card", "check"},
		{engine.Identity{Mobile: "13800138000", IDCardResult: "2"}, "id_card_result", "result"},
		{engine.Identity{Mobile: "13800138000", BankCardResult: "x"}, "bank_card_result", "result"},
		{engine.Identity{Mobile: "13800138000", MobileResult: "007"}, "mobile_result", "result"},
	} {
		var wrong *engine.IdentityError
		if _, err := p.engine.PutIdentity(ctx, tt.row); !errors.As(err, &wrong) || wrong.Field != tt.field || wrong.Rule != tt.rule {
			t.Errorf("%+v: %v, want %s %s", tt.row, err, tt.field, tt.rule)
		}
	}
	for range 2 {
		err = p.engine.DeleteIdentity(ctx, id)
	}
	if !errors.Is(err, engine.ErrIdentityUnknown) {
		t.Errorf("deleting twice: %v", err)
	}
	if got := p.idCard("赵敏", "11010519491231002X"); got.result != 104 {
		t.Errorf("a deleted identity: %+v", got)
	}
	i.ID = id
	if _, err := p.engine.PutIdentity(ctx, i); !errors.Is(err, engine.ErrIdentityUnknown) {
		t.Errorf("changing what is gone: %v", err)
	}
}

func TestRegisterAsCSV(t *testing.T) {
	p := start(t)
	ctx := t.Context()
	var file bytes.Buffer
	if err := p.engine.ExportIdentities(ctx, &file); err != nil {
		t.Fatal(err)
	}
	before, _, err := p.engine.ListIdentities(ctx, "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	exported := file.String()
	if added, replaced, err := p.engine.ImportIdentities(ctx, strings.NewReader(exported)); err != nil || added != 0 || replaced != len(before) {
		t.Errorf("its own file: %d added, %d replaced, %v", added, replaced, err)
	}
	empty := start(t)
	for _, i := range before {
		found, _, err := empty.engine.ListIdentities(ctx, i.Mobile, "", 1)
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		if err := empty.engine.DeleteIdentity(ctx, found[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if added, replaced, err := empty.engine.ImportIdentities(ctx, strings.NewReader(exported)); err != nil || added != len(before) || replaced != 0 {
		t.Errorf("into an empty register: %d added, %d replaced, %v", added, replaced, err)
	}
	after, _, err := empty.engine.ListIdentities(ctx, "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b engine.Identity) bool {
		b.ID, b.Created, b.Updated = a.ID, a.Created, a.Updated
		return a == b
	}
	if !slices.EqualFunc(before, after, same) {
		t.Errorf("%+v became %+v", before, after)
	}

	const chinese = "手机号,姓名,备注\r\n13800138000,赵敏,x\r\n13800138001,钱进,y\r\n"
	if added, _, err := p.engine.ImportIdentities(ctx, strings.NewReader(chinese)); err != nil || added != 2 {
		t.Errorf("Chinese headings: %d, %v", added, err)
	}
	if got := p.mobileAndName("钱进", "13800138001"); got != (checked{}) {
		t.Errorf("an imported mobile: %+v", got)
	}
	for name, tt := range map[string]struct {
		file  string
		line  int
		field string
		rule  string
	}{
		"no heading":     {"13800138000,赵敏\n", 1, "", "header"},
		"nothing":        {"", 1, "", "header"},
		"a wrong mobile": {"name,mobile\n赵敏,13800138009\n赵敏,154\n", 3, "mobile", "form"},
		"no number":      {"name,mobile\n赵敏,\n", 2, "", "empty"},
		"a loose quote":  {"name,mobile\n\"赵敏,13800138009\n", 2, "", "form"},
	} {
		var wrong *engine.IdentityError
		if _, _, err := p.engine.ImportIdentities(ctx, strings.NewReader(tt.file)); !errors.As(err, &wrong) || *wrong != (engine.IdentityError{Line: tt.line, Field: tt.field, Rule: tt.rule}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := p.mobileAndName("赵敏", "13800138009"); got.result != 101 {
		t.Errorf("half a file was imported: %+v", got)
	}
}
