// Package i18n turns text keys into words in the reader's language.
//
// Catalogues are flat JSON files named FEATURE.LANGUAGE.json, one pair a feature: a key such as "seals.new.title" and its text, which
// may name its arguments as {{.Name}}. An English text that counts something is an object with "one" and "other"; it reads {{.Count}}.
// Chinese is the language of whoever asks for none that is known.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// The languages that the catalogues hold, as BCP 47 tags.
const (
	Chinese = "zh-CN"
	English = "en"
)

// CookieName is the cookie that keeps the reader's choice of language.
const CookieName = "sealdesk_language"

// Languages lists every language of the catalogues, the default first.
func Languages() []string { return []string{Chinese, English} }

//go:embed catalogues/*.json
var catalogues embed.FS

// text is one entry of a catalogue.
type text struct {
	one   string // for a Count of 1; empty where there is no difference
	other string
}

func (t *text) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, &t.other)
	}
	var forms struct{ One, Other string }
	err := json.Unmarshal(data, &forms)
	t.one, t.other = forms.One, forms.Other
	return err
}

// words are the texts of one language by key.
type words map[string]text

// load reads the catalogues once. They are part of the program, so that a broken one is an error of the build, which Check reports.
var load = sync.OnceValues(func() (map[string]words, error) { return read(catalogues) })

func read(files fs.FS) (map[string]words, error) {
	all := make(map[string]words)
	for _, lang := range Languages() {
		all[lang] = make(words)
	}
	names, err := fs.Glob(files, "catalogues/*.json")
	if err != nil {
		return all, fmt.Errorf("list the catalogues: %w", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return all, fmt.Errorf("read the catalogue %s: %w", name, err)
		}
		var entries words
		if err := json.Unmarshal(data, &entries); err != nil {
			return all, fmt.Errorf("parse the catalogue %s: %w", name, err)
		}
		tag := strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, ".json")), ".")
		lang, known := all[tag]
		if !known {
			return all, fmt.Errorf("catalogue %s: language %q is not one of %v", name, tag, Languages())
		}
		for key, entry := range entries {
			if _, twice := lang[key]; twice {
				return all, fmt.Errorf("catalogue %s: the key %q stands in another catalogue too", name, key)
			}
			lang[key] = entry
		}
	}
	return all, nil
}

// Check tells whether the catalogues can be read; main calls it once at start.
func Check() error {
	_, err := load()
	return err
}

type languageKey struct{}

// WithLanguage returns a context whose texts are in lang. An unknown language counts as the default.
func WithLanguage(ctx context.Context, lang string) context.Context {
	if lang != English {
		lang = Chinese
	}
	return context.WithValue(ctx, languageKey{}, lang)
}

// Language is the language of ctx: the one given to WithLanguage, else the default.
func Language(ctx context.Context) string {
	if lang, ok := ctx.Value(languageKey{}).(string); ok {
		return lang
	}
	return Chinese
}

// Match picks the language of a request from the value of its language cookie (empty for none) and its Accept-Language header.
func Match(cookie, acceptLanguage string) string {
	for _, lang := range Languages() {
		if cookie == lang {
			return lang
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Chinese
	}
	for _, tag := range tags {
		switch base, _ := tag.Base(); base.String() {
		case "zh":
			return Chinese
		case "en":
			return English
		}
	}
	return Chinese
}

// T is the text of key in the language of ctx. Arguments come in pairs of a name and a value, for {{.Name}} in the text; the argument
// "Count" also picks singular or plural. A key that no catalogue has is returned as it is, so that it shows.
func T(ctx context.Context, key string, args ...any) string {
	all, _ := load()
	entry, ok := all[Language(ctx)][key]
	if !ok {
		return key
	}
	return entry.with(args)
}

// with writes the arguments into the text. One that is not given leaves its name, so that it shows.
func (t text) with(args []any) string {
	s := t.other
	if t.one != "" && argument(args, "Count", "") == "1" {
		s = t.one
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{{.")
		if !found && out.Len() == 0 {
			return s
		}
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, _ := strings.Cut(rest, "}}")
		out.WriteString(argument(args, name, "{{."+name+"}}"))
		s = after
	}
}

// argument is the value that stands after its name, or the fallback.
func argument(args []any, name, fallback string) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return fmt.Sprint(args[i+1])
		}
	}
	return fallback
}

// Has tells whether the language of ctx has a text of its own for key.
func Has(ctx context.Context, key string) bool {
	all, _ := load()
	_, ok := all[Language(ctx)][key]
	return ok
}

// Keys lists every key of a language, in no order; for tests of catalogues.
func Keys(lang string) []string {
	all, _ := load()
	return slices.Collect(maps.Keys(all[lang]))
}

// ErrorText says in words what a platform error code means and what to do next. A code with a suffix that no text knows
// ("InvalidParameter.Foo") is told as its family ("InvalidParameter"), anything else as an unexpected error with its code.
func ErrorText(ctx context.Context, code string) string {
	for family := code; family != ""; {
		if key := "errors." + family; Has(ctx, key) {
			return T(ctx, key)
		}
		cut := strings.LastIndexByte(family, '.')
		if cut < 0 {
			break
		}
		family = family[:cut]
	}
	return T(ctx, "errors.unknown", "Code", code)
}

// RuleText says in words which rule a form field breaks, for a validation rule such as "required" or "max" with its parameter.
func RuleText(ctx context.Context, rule, param string) string {
	if key := "validation." + rule; Has(ctx, key) {
		return T(ctx, key, "Param", param)
	}
	return T(ctx, "validation.invalid", "Param", param)
}
