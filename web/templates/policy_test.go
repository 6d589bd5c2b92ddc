package templates

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// forbidden is what the content security policy blocks, or what would evaluate a text as a script.
var forbidden = map[string]*regexp.Regexp{
	"a style attribute":           regexp.MustCompile(`(?i)[\s{"]style\s*=`),
	"an event handler attribute":  regexp.MustCompile(`(?i)\son[a-z]+\s*=`),
	"hx-on":                       regexp.MustCompile(`(?i)hx-on\b`),
	"a script in an hx attribute": regexp.MustCompile(`(?i)["'\s](?:js|javascript):`),
	"an inline script":            regexp.MustCompile(`(?i)<script(?:[^>]*[^/])?>\s*[^<\s]`),
	"an inline style sheet":       regexp.MustCompile(`(?i)<style\b`),
	"a templ script or css":       regexp.MustCompile(`(?m)^(?:script|css) \w+\(`),
	"unescaped HTML":              regexp.MustCompile(`templ\.Raw\(`),
	"another host":                regexp.MustCompile(`(?i)(?:src|href)="https?://`),
}

func TestTemplatesKeepThePolicy(t *testing.T) {
	for path, source := range sources(t) {
		// The one drawing that is put in as it is: package seal writes it, of paths and numbers only.
		source = strings.ReplaceAll(source, "templ.Raw(p.SVG)", "")
		for what, pattern := range forbidden {
			if match := pattern.FindString(source); match != "" {
				t.Errorf("%s has %s: %q", path, what, match)
			}
		}
		for number, line := range strings.Split(source, "\n") {
			if strings.IndexFunc(line, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 {
				t.Errorf("%s:%d has a Chinese text; it belongs into a catalogue", path, number+1)
			}
		}
	}
}

func TestThePolicyTestFinds(t *testing.T) {
	for what, line := range map[string]string{
		"a style attribute":           `<p style="color:red">`,
		"an event handler attribute":  `<a onclick="x()">`,
		"hx-on":                       `<div hx-on:click="x">`,
		"a script in an hx attribute": `<div hx-vals="js:{a:1}">`,
		"an inline script":            `<script>alert(1)</script>`,
		"an inline style sheet":       `<style>`,
		"a templ script or css":       "script f() {",
		"unescaped HTML":              `@templ.Raw("<b>")`,
		"another host":                `<script src="https://cdn.example/x.js">`,
	} {
		if !forbidden[what].MatchString(line) {
			t.Errorf("%s is not found in %s", what, line)
		}
	}
}

// sources are all views of the program by path.
func sources(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = string(data)
		return err
	})
	if err != nil || len(found) < 5 {
		t.Fatalf("views: %v %v", found, err)
	}
	return found
}
