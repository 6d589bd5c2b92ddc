package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// The budgets of a page, in bytes as they travel (brotli).
const (
	maxHTML   = 12 << 10
	maxAssets = 45 << 10
	maxFirst  = 60 << 10
)

// parts of a page that the browser fetches by itself.
var (
	linkOf  = regexp.MustCompile(`<a [^>]*href="(/[^"?#]*)"`)
	assetOf = regexp.MustCompile(`(?:src|href)="(/static/[^"]+\.(?:css|js))"`)
)

// weight is what a page brings.
type weight struct {
	html, assets int
	calls        int64 // of the platform
	list         bool
}

// benchPages walks from the overview of the demo portal over two links, weighs every page and counts the calls of the platform.
func benchPages(ctx context.Context) (rows []row, err error) {
	p, err := newPortal(ctx, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	pages, err := p.walk(ctx)
	if err != nil {
		return nil, err
	}
	largest := func(of func(weight) int) (int, string) {
		best, where := -1, ""
		for _, path := range slices.Sorted(maps.Keys(pages)) {
			if n := of(pages[path]); n > best {
				best, where = n, path
			}
		}
		return best, where
	}
	line := func(no, what string, goal int, unit string, of func(weight) int) {
		most, where := largest(of)
		shown, limit := fmt.Sprint(most), fmt.Sprint(goal)
		if unit == "KB" {
			shown, limit = fmt.Sprintf("%.1f KB", float64(most)/1024), fmt.Sprintf("%d KB", goal/1024)
		}
		rows = append(rows, row{no, fmt.Sprintf("%s, most of %d pages (%s)", what, len(pages), where), shown, "", "", "≤ " + limit, most <= goal})
	}
	line("14", "HTML, brotli", maxHTML, "KB", func(w weight) int { return w.html })
	line("14", "CSS and JS, brotli", maxAssets, "KB", func(w weight) int { return w.assets })
	line("14", "first load, brotli", maxFirst, "KB", func(w weight) int { return w.html + w.assets })
	line("15", "calls of the platform for a page", 2, "", func(w weight) int { return int(w.calls) })
	line("15", "calls of the platform for a list", 0, "", func(w weight) int {
		if !w.list {
			return 0
		}
		return int(w.calls)
	})
	return rows, nil
}

func (p *portal) walk(ctx context.Context) (map[string]weight, error) {
	pages, assets := map[string]weight{}, map[string]int{}
	for depth, next := 0, []string{"/"}; depth <= 3; depth++ {
		var found []string
		for _, path := range next {
			if _, seen := pages[path]; seen || strings.HasPrefix(path, "/static/") {
				continue
			}
			before := p.calls.Load()
			status, body, contentType := p.get(ctx, path)
			if !strings.HasPrefix(contentType, "text/html") || status == http.StatusNotFound { // the audit log names what is gone
				continue
			}
			if status != http.StatusOK {
				return nil, fmt.Errorf("%s: answer %d", path, status)
			}
			html, err := io.ReadAll(brotli.NewReader(bytes.NewReader(body)))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			w := weight{html: len(body), calls: p.calls.Load() - before, list: strings.Count(path, "/") == 1}
			for _, m := range assetOf.FindAllStringSubmatch(string(html), -1) {
				if _, known := assets[m[1]]; !known {
					_, asset, _ := p.get(ctx, m[1])
					assets[m[1]] = len(asset)
				}
				w.assets += assets[m[1]]
			}
			pages[path] = w
			for _, m := range linkOf.FindAllStringSubmatch(string(html), -1) {
				found = append(found, m[1])
			}
		}
		next = found
	}
	return pages, nil
}
