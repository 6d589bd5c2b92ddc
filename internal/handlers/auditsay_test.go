package handlers

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// composed are the actions and types of objects that the sources put together from parts, by the expression as it stands there. One that
// is not here fails the test.
var composed = map[string][]string{
	`"bulk." + state`:       {"bulk.running", "bulk.paused", "bulk.cancelled"},
	`r.kind() + ".create"`:  {"draft.create", "template.create"},
	`r.kind() + ".save"`:    {"draft.save", "template.save"},
	`r.kind() + ".delete"`:  {"draft.delete", "template.delete"},
	`r.kind()`:              {"draft", "template"},
	`"flow." + word`:        {"flow.approved", "flow.approval_refused"},
	`"flow." + event.Kind`:  {"flow.moved", "flow.replaced"},
	`"flow.send." + e.Kind`: {"flow.send.upload", "flow.send.create", "flow.send.send", "flow.send.cancel", "flow.send.copy"},
	`"flow." + e.Kind`: {"flow.signed", "flow.rejected", "flow.approver_expired", "flow.review", "flow.review_refused", "flow.approver_changed",
		"flow.completed", "flow.ended_rejected", "flow.withdrawn", "flow.archived", "flow.expired", "flow.destroyed", "flow.signing"},
	`"platform." + call.Action`: nil, // api.Names
	`call.ObjectType`:           {"flow", "seal", "user", "organization", "file", "catalog", "identity"},
	`e.ObjectType`:              nil, // what was recorded before, read again
	`what.action`:               nil, // of the table of routes
	`what.object`:               nil,
}

// elsewhere are the packages whose events are not the portal's: the engine has a log of its own, and figures are measured with made-up ones.
var elsewhere = []string{"engine", "audit", "bench"}

// recorded reads out of the sources of the portal every action and type of object that an event can have: in events written out, and in the
// arguments of the functions that make one.
func recorded(t *testing.T) (actions, objects []string) {
	t.Helper()
	constants := map[string]string{}
	var found []ast.Expr
	var types []ast.Expr
	files := token.NewFileSet()
	for _, pattern := range []string{"../../*.go", "../*/*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			other := slices.Contains(elsewhere, filepath.Base(filepath.Dir(path)))
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if _, constant := n.(*ast.ValueSpec); other && !constant {
					return true
				}
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, name := range n.Names {
						if i < len(n.Values) {
							if text, ok := literal(n.Values[i]); ok {
								constants[name.Name] = text
							}
						}
					}
				case *ast.CompositeLit:
					if kind, ok := n.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Event" && fmt.Sprint(kind.X) == "audit" {
						for _, field := range n.Elts {
							pair := field.(*ast.KeyValueExpr)
							switch fmt.Sprint(pair.Key) {
							case "Action":
								found = append(found, pair.Value)
							case "ObjectType":
								types = append(types, pair.Value)
							}
						}
					}
				case *ast.CallExpr:
					name := ""
					switch f := n.Fun.(type) {
					case *ast.SelectorExpr:
						name = f.Sel.Name
					case *ast.Ident:
						name = f.Name
					}
					if name == "note" && len(n.Args) == 6 {
						found, types = append(found, n.Args[2]), append(types, n.Args[3])
					}
					if name == "addAccount" {
						for _, arg := range n.Args {
							if text, ok := literal(arg); ok && strings.Contains(text, ".") {
								found = append(found, arg)
							}
						}
					}
				}
				return true
			})
		}
	}
	resolve := func(all []ast.Expr) (texts []string) {
		for _, e := range all {
			var source strings.Builder
			if err := printer.Fprint(&source, files, e); err != nil {
				t.Fatal(err)
			}
			text, isLiteral := literal(e)
			_, name, _ := strings.Cut("."+source.String(), ".")
			value, isConstant := constants[name[strings.LastIndexByte(name, '.')+1:]]
			made, isComposed := composed[source.String()]
			switch {
			case isLiteral:
				texts = append(texts, text)
			case isConstant:
				texts = append(texts, value)
			case isComposed:
				texts = append(texts, made...)
			case source.String() == "action" || source.String() == "objectType" || source.String() == "kind": // parameters of note and addAccount themselves
			default:
				t.Errorf("%s: the test cannot tell what %s can be", files.Position(e.Pos()), source.String())
			}
		}
		return texts
	}
	actions, objects = resolve(found), resolve(types)
	for _, r := range (&server{}).routes() {
		if r.Reads.action != "" {
			actions, objects = append(actions, r.Reads.action), append(objects, r.Reads.object)
		}
	}
	return actions, objects
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// TestEveryActionHasASentence: whatever the portal can record is told in words, in both languages, with the object in its place.
func TestEveryActionHasASentence(t *testing.T) {
	actions, objects := recorded(t)
	for _, name := range api.Names() {
		actions = append(actions, callAction+name)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(actions)))) < 125 {
		t.Errorf("only %d actions were found in the sources", len(actions))
	}
	for _, lang := range i18n.Languages() {
		ctx := i18n.WithLanguage(context.Background(), lang)
		for _, action := range actions {
			if !i18n.Has(ctx, auditSayKey+action) || !i18n.Has(ctx, auditActionKey+action) {
				t.Errorf("%s: no words for %s", lang, action)
			}
			if said := (auditNames{}).sentence(ctx, &audit.Event{Action: action, Outcome: audit.OK}); strings.Contains(said, "{{") || said == "" {
				t.Errorf("%s: %s is said as %q", lang, action, said)
			}
			if familyOf(action) == "" || !i18n.Has(ctx, "audit.did."+familyOf(action)) {
				t.Errorf("%s: %s belongs to no group", lang, action)
			}
		}
		for _, kind := range objects {
			if kind != "" && !i18n.Has(ctx, "audit.object."+kind) {
				t.Errorf("%s: no words for objects of the type %q", lang, kind)
			}
		}
	}
}

// TestSentencesNameWhatTheyTell goes through what reviewers read: people by name, objects by name, what became of it, one line an act.
func TestSentencesNameWhatTheyTell(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Compliance)
	if err := p.db.AddOrganization(context.Background(), db.Organization{ID: "org_1", Name: "深圳印台科技有限公司"}); err != nil {
		t.Fatal(err)
	}
	said := func(lang string, e audit.Event) (who, what string) {
		t.Helper()
		p.note("compliance", e)
		page := v.with("Cookie", i18n.CookieName+"="+lang).get("/audit").wantStatus(http.StatusOK)
		line := page.find(".act").First()
		return strings.Join(strings.Fields(line.Find(".act-who").Text()), " "), strings.Join(strings.Fields(line.Find(".act-said").Text()), " ")
	}
	for _, c := range []struct {
		e              audit.Event
		chinese, plain string
	}{
		{audit.Event{Action: "flow.withdrawn", ObjectType: "flow", ObjectID: "f1", Detail: map[string]any{"reason": "金额有误"}}, "撤销了合同f1：“金额有误”", "withdrew the contract f1: “金额有误”"},
		{audit.Event{Action: "file.upload", ObjectType: "file", ObjectID: "x", Detail: map[string]any{"name": "采购合同.pdf"}}, "上传了文件《采购合同.pdf》", "uploaded the file “采购合同.pdf”"},
		{audit.Event{Action: "organization.update", ObjectType: "organization", ObjectID: "org_1"}, "更新了子机构深圳印台科技有限公司的资料", "updated the sub-organisation 深圳印台科技有限公司"},
		{audit.Event{Action: "account.change", ObjectType: "account", ObjectID: "acc_x", Detail: map[string]any{"before": map[string]any{"name": "li", "role": "business"},
			"after": map[string]any{"name": "li", "role": "admin"}}}, "修改了账号li（角色：业务人员 → 管理员）", "changed the account li (role: Business user → Administrator)"},
		{audit.Event{Action: "seal.create", Outcome: audit.Failed, ErrorCode: "ResourceNotFound", ObjectType: "seal", ObjectID: "s1"}, "未成功：新建了印章s1", "failed: made the seal s1"},
	} {
		if who, got := said(i18n.Chinese, c.e); got != c.chinese || !strings.HasPrefix(who, "compliance") {
			t.Errorf("%s: %s %q, want %q", c.e.Action, who, got, c.chinese)
		}
		if _, got := said(i18n.English, c.e); got != c.plain {
			t.Errorf("%s: %q, want %q", c.e.Action, got, c.plain)
		}
	}
}

// TestSignersActUnderTheirNames: what a signer did stands under the signer's name, with who told of it, not under whoever looked meanwhile.
func TestSignersActUnderTheirNames(t *testing.T) {
	e := &audit.Event{Action: "flow.signed", Outcome: audit.OK, Actor: audit.Actor{Name: "wang", Role: "business"}, Detail: map[string]any{"approver": "周婷"}}
	ctx := i18n.WithLanguage(context.Background(), i18n.Chinese)
	if who, note := (auditNames{actors: map[string]string{"wang": "王主任"}}).who(ctx, e); who != "周婷（签署人）" || note != "平台告知，由王主任查询" {
		t.Errorf("%s, %s", who, note)
	}
	e.Actor = audit.Actor{Name: audit.ActorCallback, Role: audit.RoleSystem}
	if _, note := (auditNames{}).who(ctx, e); note != "平台回调告知" {
		t.Errorf("told by a callback: %s", note)
	}
	e = &audit.Event{Action: "flow.send", Outcome: audit.OK, Actor: audit.Actor{Name: "wang", Role: audit.RoleSystem}}
	if who, note := (auditNames{actors: map[string]string{"wang": "王主任"}}).who(ctx, e); who != "王主任" || note != "wang · 由系统代办" {
		t.Errorf("%s, %s", who, note)
	}
	if templates.ShortID("") != "" {
		t.Error("nothing has no short form")
	}
}

// An account of before such names were refused is never shown as the program, nor the program as it.
func TestOlderAccountsAreNotTakenForTheProgram(t *testing.T) {
	ctx := i18n.WithLanguage(context.Background(), i18n.Chinese)
	names := auditNames{actors: map[string]string{audit.ActorTerminal: "命令行", audit.ActorPortal: "王主任", "wang": "印台系统"}}
	for _, c := range []struct {
		actor     audit.Actor
		who, note string
	}{
		{audit.Actor{Name: audit.ActorTerminal, Role: "admin", Session: "s1", IP: "192.0.2.7"}, "账号“命令行”", "terminal"},
		{audit.Actor{Name: audit.ActorPortal, Role: "business", Session: "s1", IP: "192.0.2.7"}, "账号“王主任”", "sealdesk"},
		{audit.Actor{Name: "wang", Role: "business", Session: "s1", IP: "192.0.2.7"}, "账号“印台系统”", "wang"},
		{audit.Actor{Name: audit.ActorTerminal, Role: audit.RoleOperator, UserAgent: "li (uid 1000) @ desk"}, "命令行", "li (uid 1000) @ desk"},
		{audit.Actor{Name: audit.ActorTerminal, Role: "admin"}, "命令行", ""},
		{audit.Actor{Name: audit.ActorPortal, Role: audit.RoleSystem}, "印台系统", ""},
	} {
		if who, note := names.who(ctx, &audit.Event{Action: "seal.read", Actor: c.actor}); who != c.who || note != c.note {
			t.Errorf("%+v is shown as %s, %s", c.actor, who, note)
		}
	}
}

// What pages call those who act without an account, in either language, is the name of no account.
func TestWordsForTheProgramAreNoNames(t *testing.T) {
	count := 0
	for _, lang := range i18n.Languages() {
		for _, key := range i18n.Keys(lang) {
			if strings.HasPrefix(key, "audit.actor.") || strings.HasPrefix(key, "evidence.role.") || key == "audit.role.system" || key == "audit.role.operator" {
				count++
				if text := i18n.T(i18n.WithLanguage(context.Background(), lang), key); !db.Misleads(text) {
					t.Errorf("an account may be called %q, as pages call the program (%s)", text, key)
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d words: the test looks for the wrong things", count)
	}
}
