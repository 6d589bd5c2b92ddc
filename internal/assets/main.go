// Command assets builds what the browser gets: it bundles and compresses the scripts and styles of web/static into web/static/dist,
// and copies the Chinese font to where package font embeds it. `make assets` runs it in the root of the repository after `npm ci`.
//
// It fails when a file is larger than its budget, so that pages stay small.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const (
	source   = "web/static"
	dist     = "web/static/dist"
	fontFrom = "node_modules/@expo-google-fonts/noto-serif-sc/500Medium/NotoSerifSC_500Medium.ttf"
	fontTo   = "internal/font/dist/NotoSerifSC.ttf"
)

// entry is one file that pages load, and how many bytes it may have after brotli.
type entry struct {
	name, path string
	budget     int
	// shorten matches names of properties that only modules with the same pattern use, neither the browser nor JSON; esbuild renames them.
	shorten string
	module  bool // imported by another bundle when it is needed
}

// entries: app.js holds htmx with its SSE extension, sign.js the signature pad.
var entries = []entry{
	{name: "app.css", path: "css/app.css", budget: 12 << 10},
	{name: "app.js", path: "js/app.js", budget: 18 << 10},
	{name: "builder.js", path: "js/builder.js", budget: 8 << 10, shorten: builderNames},
	{name: "builder-more.js", path: "js/builder-more.js", budget: 5 << 10, shorten: builderNames, module: true},
	{name: "reader.js", path: "js/reader.js", budget: 2 << 10},
	{name: "people.js", path: "js/people.js", budget: 1 << 10},
	{name: "proof.js", path: "js/proof.js", budget: 1 << 10},
	{name: "sign.js", path: "js/sign.js", budget: 9 << 10},
}

const builderNames = `^(actions|view|store|sheet|sheets|sheetOf|sheetAt|selection|selected|everyPage|addInMiddle|addBox|copyTo|arm|armed|disarm|draggedAt|` +
	`problems|buttons|reveal|setZoom|updateCurrent|scroller|inPane|guides|pixel|sealed|canUndo|canRedo|onChange|soon|layer|pane|across|least|` +
	`caption|who|point|started|entered|tap|drop|dirty|stopped|report|root|frame|position|current|correct|insert|edit|arrange|` +
	`turn|showCurrent|restore|keep|forget|memory|leader|merge|make|ratio|zoom|seen|text|say|run|can|go)$`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := clean(); err != nil {
		return err
	}
	manifest := make(map[string]string)
	var over []error
	short := make(map[string]any) // the short names so far, for bundles that share objects
	for _, e := range entries {
		data, err := bundle(e, short)
		if err != nil {
			return err
		}
		size, err := write(manifest, e.name, data)
		if err != nil {
			return err
		}
		fmt.Printf("%-12s %6d bytes, %5d brotli of %5d\n", e.name, len(data), size, e.budget)
		if size > e.budget {
			over = append(over, fmt.Errorf("%s has %d bytes after brotli, its budget is %d", e.name, size, e.budget))
		}
	}
	icon, err := os.ReadFile(filepath.Join(source, "img/favicon.svg"))
	if err != nil {
		return fmt.Errorf("read the icon: %w", err)
	}
	if _, err := write(manifest, "favicon.svg", icon); err != nil {
		return err
	}
	if err := copyFont(); err != nil {
		return err
	}
	if len(over) > 0 {
		return errors.Join(over...)
	}
	// The manifest comes last: with it the assets count as built.
	list, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), append(list, '\n'), 0o644)
}

// clean removes what an earlier run built, so that the program embeds each file once.
func clean() error {
	old, err := os.ReadDir(dist)
	if err != nil {
		return fmt.Errorf("run in the root of the repository: %w", err)
	}
	for _, file := range old {
		if file.Name() == "README" {
			continue
		}
		if err := os.Remove(filepath.Join(dist, file.Name())); err != nil {
			return fmt.Errorf("remove an old asset: %w", err)
		}
	}
	return nil
}

// bundle joins an entry with all that it imports, for the browsers below.
func bundle(e entry, short map[string]any) ([]byte, error) {
	format := api.FormatIIFE
	if e.module {
		format = api.FormatESModule
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(source, e.path)},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Format:            format,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		MangleProps:       e.shorten,
		MangleCache:       short,
		Engines:           browsers(),
		LegalComments:     api.LegalCommentsEndOfFile,
		LogLevel:          api.LogLevelWarning,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("bundle %s: %s", e.name, result.Errors[0].Text)
	}
	maps.Copy(short, result.MangleCache)
	return result.OutputFiles[0].Contents, nil
}

// browsers are the oldest that the bundles are made for; the engines of in-app browsers lag behind.
func browsers() []api.Engine {
	return []api.Engine{
		{Name: api.EngineChrome, Version: "105"},
		{Name: api.EngineFirefox, Version: "110"},
		{Name: api.EngineSafari, Version: "16"},
		{Name: api.EngineIOS, Version: "16"},
	}
}

// write stores data under a name that changes with it, plain and compressed, and returns the size after brotli.
func write(manifest map[string]string, name string, data []byte) (int, error) {
	sum := sha256.Sum256(data)
	extension := filepath.Ext(name)
	hashed := strings.TrimSuffix(name, extension) + "-" + base32.StdEncoding.EncodeToString(sum[:5]) + extension
	manifest[name] = hashed

	var br, gz bytes.Buffer
	b := brotli.NewWriterLevel(&br, brotli.BestCompression)
	g, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return 0, fmt.Errorf("compress %s: %w", name, err)
	}
	_, errB := b.Write(data)
	_, errG := g.Write(data)
	if err := errors.Join(errB, b.Close(), errG, g.Close()); err != nil {
		return 0, fmt.Errorf("compress %s: %w", name, err)
	}
	for suffix, form := range map[string][]byte{"": data, ".br": br.Bytes(), ".gz": gz.Bytes()} {
		if err := os.WriteFile(filepath.Join(dist, hashed+suffix), form, 0o644); err != nil {
			return 0, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return br.Len(), nil
}

func copyFont() error {
	data, err := os.ReadFile(fontFrom)
	if err != nil {
		return fmt.Errorf("read the font (run npm ci first): %w", err)
	}
	if old, err := os.ReadFile(fontTo); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return os.WriteFile(fontTo, data, 0o644)
}
