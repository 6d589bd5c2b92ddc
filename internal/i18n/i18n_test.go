package i18n

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCataloguesAgree(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
	zh, en := texts(t, Chinese), texts(t, English)
	for _, pair := range []struct {
		lang     string
		has, not map[string][]string
	}{{English, zh, en}, {Chinese, en, zh}} {
		for _, key := range slices.Sorted(maps.Keys(pair.has)) {
			if _, ok := pair.not[key]; !ok {
				t.Errorf("%s has no text for %s", pair.lang, key)
			}
		}
	}
	for key, arguments := range zh {
		if other, ok := en[key]; ok && !slices.Equal(arguments, other) {
			t.Errorf("%s: arguments %v in zh-CN, %v in en", key, arguments, other)
		}
	}
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// texts maps every key of a language to the names of the arguments that its text reads.
func texts(t *testing.T, lang string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	files, err := fs.Glob(catalogues, "catalogues/*."+lang+".json")
	if err != nil || len(files) == 0 {
		t.Fatalf("catalogues of %s: %v %v", lang, files, err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(catalogues, file)
		if err != nil {
			t.Fatal(err)
		}
		var entries map[string]json.RawMessage
		if err := json.Unmarshal(data, &entries); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for key, text := range entries {
			if string(text) == `""` {
				t.Errorf("%s: the text of %s is empty", file, key)
			}
			names := make(map[string]bool)
			found := placeholder.FindAllStringSubmatch(string(text), -1)
			if len(found) != strings.Count(string(text), "{{") {
				t.Errorf("%s: %s names an argument in another way than {{.Name}}", file, key)
			}
			for _, match := range found {
				names[match[1]] = true
			}
			all[key] = slices.Sorted(maps.Keys(names))
		}
	}
	return all
}

// textCall finds calls for a text whose key, or the beginning of it, is written out.
var textCall = regexp.MustCompile(`\b(?:t|i18n\.T)\((?:ctx|r\.Context\(\)|[a-z]+\.ctx), "([^"]+)"(\s*\+)?`)

// eachTextCall calls f with the sources of views and handlers, and where in them a call's key and its end are.
func eachTextCall(t *testing.T, f func(file, source string, match []int)) {
	t.Helper()
	for _, dir := range []string{"web/templates", "internal/handlers", "internal/signpages"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name := entry.Name()
			isView := strings.HasSuffix(name, ".templ")
			isGo := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_templ.go") && !strings.HasSuffix(name, "_test.go")
			if !isView && !isGo || name == "doc.go" {
				return nil
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, match := range textCall.FindAllStringSubmatchIndex(string(source), -1) {
				f(name, string(source), match)
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// TestLiteralKeysExist reads the sources of views and handlers for keys that are written out, and asks both catalogues for them.
func TestLiteralKeysExist(t *testing.T) {
	seen := 0
	missing := make(map[string]bool)
	eachTextCall(t, func(file, source string, match []int) {
		key, prefix := source[match[2]:match[3]], match[4] >= 0
		seen++
		for _, lang := range Languages() {
			if !prefix && !Has(WithLanguage(context.Background(), lang), key) {
				missing[file+": "+key] = true
			}
			if prefix && !slices.ContainsFunc(Keys(lang), func(k string) bool { return strings.HasPrefix(k, key) }) {
				missing[file+": "+key+"*"] = true
			}
		}
	})
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		t.Error("no text for", key)
	}
	if seen < 40 {
		t.Errorf("only %d keys found: does the pattern still fit the sources?", seen)
	}
}

// TestTextsGetWhatTheyName looks whether each call gives the arguments that its text has places for: a reader would see their names instead.
func TestTextsGetWhatTheyName(t *testing.T) {
	texts, err := load()
	if err != nil {
		t.Fatal(err)
	}
	place, seen := regexp.MustCompile(`\{\{\.(\w+)\}\}`), 0
	eachTextCall(t, func(file, source string, match []int) {
		arguments := untilClosed(source[match[1]:])
		if match[4] >= 0 || strings.Contains(arguments, "...") {
			return // the key or the arguments are known at run time only
		}
		key := source[match[2]:match[3]]
		for lang, all := range texts {
			for _, name := range place.FindAllStringSubmatch(all[key].one+all[key].other, -1) {
				seen++
				if !strings.Contains(arguments, `"`+name[1]+`"`) {
					t.Errorf("%s: the text %q (%s) has a place for %s, which is not given", file, key, lang, name[1])
				}
			}
		}
	})
	if seen < 200 {
		t.Errorf("only %d places found: does the pattern still fit the sources?", seen)
	}
}

// untilClosed is the source up to the parenthesis that closes a call.
func untilClosed(source string) string {
	depth := 1
	for i, r := range source {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return source[:i]
			}
		}
	}
	return source
}

func TestT(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		lang, key string
		args      []any
		want      string
	}{
		{Chinese, "common.save", nil, "保存"},
		{English, "common.save", nil, "Save"},
		{"fr", "common.save", nil, "保存"},
		{English, "common.file.count", []any{"Count", 1}, "1 file chosen"},
		{English, "common.file.count", []any{"Count", 3}, "3 files chosen"},
		{Chinese, "common.file.count", []any{"Count", 3}, "已选择 3 个文件"},
		{Chinese, "validation.max", []any{"Param", "30"}, "最多 30"},
		{English, "validation.max", nil, "At most {{.Param}}"},
		{English, "no.such.key", nil, "no.such.key"},
	} {
		if got := T(WithLanguage(ctx, test.lang), test.key, test.args...); got != test.want {
			t.Errorf("T(%s, %s, %v) = %q, want %q", test.lang, test.key, test.args, got, test.want)
		}
	}
	if got := Language(ctx); got != Chinese {
		t.Errorf("Language of a bare context = %q", got)
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct{ cookie, header, want string }{
		{"", "", Chinese},
		{"en", "zh-CN", English},
		{"zh-CN", "en-GB", Chinese},
		{"xx", "en-GB,en;q=0.9", English},
		{"", "fr, zh-TW;q=0.8, en;q=0.5", Chinese},
		{"", "fr;q=1, en;q=0.5", English},
		{"", "de", Chinese},
		{"", ";;;=", Chinese},
	} {
		if got := Match(test.cookie, test.header); got != test.want {
			t.Errorf("Match(%q, %q) = %q, want %q", test.cookie, test.header, got, test.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	ctx := WithLanguage(context.Background(), English)
	family := ErrorText(ctx, "InvalidParameter")
	if got := ErrorText(ctx, "InvalidParameter.Unheard.Of"); got != family {
		t.Errorf("an unknown suffix gives %q, want its family's %q", got, family)
	}
	if got := ErrorText(ctx, "Surprise"); !strings.Contains(got, "Surprise") {
		t.Errorf("an unknown code is not named: %q", got)
	}
	if got := RuleText(ctx, "nonsense", ""); got != T(ctx, "validation.invalid") {
		t.Errorf("an unknown rule gives %q", got)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"broken":           {"catalogues/a.en.json": {Data: []byte(`{`)}},
		"unknown language": {"catalogues/a.fr.json": {Data: []byte(`{"a":"b"}`)}},
		"key given twice":  {"catalogues/a.en.json": {Data: []byte(`{"k":"b"}`)}, "catalogues/b.en.json": {Data: []byte(`{"k":"c"}`)}},
	} {
		if _, err := read(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestEveryPlatformCodeIsExplained reads the platform's own list of error codes, and the rules that requests are checked by.
func TestEveryPlatformCodeIsExplained(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "api", "testdata", "essbasic.json"))
	if err != nil {
		t.Fatal(err)
	}
	var platform struct {
		Errors       []string
		CommonErrors []string
	}
	if err := json.Unmarshal(data, &platform); err != nil || len(platform.Errors) < 50 || len(platform.CommonErrors) < 20 {
		t.Fatalf("%d codes: %v", len(platform.Errors), err)
	}
	for _, code := range append(platform.Errors, platform.CommonErrors...) {
		if !Has(context.Background(), "errors."+code) {
			t.Errorf("the error code %s has no words", code)
		}
	}

	tag := regexp.MustCompile(`validate:"([^"]*)"`)
	sources, err := filepath.Glob(filepath.Join("..", "api", "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatal(sources, err)
	}
	for _, path := range sources {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range tag.FindAllStringSubmatch(string(source), -1) {
			for rule := range strings.SplitSeq(match[1], ",") {
				rule, _, _ = strings.Cut(rule, "=")
				if rule != "omitempty" && rule != "dive" && !Has(context.Background(), "validation."+rule) {
					t.Errorf("%s: the rule %s has no words", path, rule)
				}
			}
		}
	}
}
