package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/config"
)

// TestDocsNameTestsThatExist holds what docs/security.md and docs/audit.md promise: every test and test file that they name is there, and every
// line of the threat model names one.
func TestDocsNameTestsThatExist(t *testing.T) {
	tests, files := testsOfTheProject(t)
	name := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]*)`")
	file := regexp.MustCompile("`([a-z0-9-]+\\.test\\.js)`")
	for _, doc := range []string{"docs/security.md", "docs/audit.md"} {
		text := readText(t, doc)
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s names %s, which is no test", doc, m[1])
			}
		}
		for _, m := range file.FindAllStringSubmatch(text, -1) {
			if !files[m[1]] {
				t.Errorf("%s names %s, which is no file of tests", doc, m[1])
			}
		}
	}
	_, model, found := strings.Cut(readText(t, "docs/security.md"), "\n## Threat model\n")
	if !found {
		t.Fatal("docs/security.md has no threat model")
	}
	model, _, _ = strings.Cut(model, "\n## ")
	lines := 0
	for line := range strings.Lines(model) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| tries") {
			continue
		}
		lines++
		if !name.MatchString(line) && !file.MatchString(line) {
			t.Errorf("no test holds the line %s", line)
		}
	}
	if lines < 20 {
		t.Errorf("the threat model has %d lines", lines)
	}
}

// testsOfTheProject finds the names of the Go tests and of the files of tests of the browser code.
func testsOfTheProject(t *testing.T) (tests, files map[string]bool) {
	t.Helper()
	tests, files = map[string]bool{}, map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".test.js"):
			files[entry.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			for _, m := range function.FindAllStringSubmatch(readText(t, path), -1) {
				tests[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests, files
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTextsNameFlagsThatExist holds every flag that a screen or an error tells people to set against the command line.
func TestTextsNameFlagsThatExist(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z][a-z-]*[a-z]`)
	known := map[string]bool{}
	for _, command := range []string{
		config.Serve, config.EngineRun, config.EngineCredentials, config.EngineConsole, config.Demo, config.UserAdd, config.AuditVerify,
		config.AuditExport, config.Verify, config.Backup, config.Restore, "witness",
	} {
		var help strings.Builder
		if err := run(t.Context(), append(strings.Fields(command), "--help"), nil, &help); err != nil {
			t.Fatal(err)
		}
		for _, name := range flag.FindAllString(help.String(), -1) {
			known[name] = true
		}
	}
	texts, err := filepath.Glob("internal/i18n/catalogues/*.json")
	if err != nil || len(texts) == 0 {
		t.Fatal(err, texts)
	}
	used := map[string]string{}
	for _, path := range texts {
		for _, name := range flag.FindAllString(readText(t, path), -1) {
			used[name] = path
		}
	}
	for name, path := range used {
		if !known[name] {
			t.Errorf("%s names %s, which is no flag", path, name)
		}
	}
}
