package templates

import (
	"context"
	"strconv"

	"sealdesk/internal/i18n"

	"github.com/a-h/templ"
)

// theme is an entry of the theme switch.
type theme struct{ name, icon string }

func themes() []theme {
	return []theme{{ThemeAuto, "auto"}, {ThemeLight, "sun"}, {ThemeDark, "moon"}}
}

func themeOr(theme string) string {
	if theme == "" {
		return ThemeAuto
	}
	return theme
}

// languageName is the name of a language in itself, which is why no catalogue holds it.
func languageName(lang string) string {
	if lang == i18n.English {
		return "EN"
	}
	return "\u4e2d\u6587"
}

func pressed(on bool) string { return strconv.FormatBool(on) }

func pageTitle(ctx context.Context, title string) string {
	product := t(ctx, "common.product.full")
	if title == "" {
		return product
	}
	return title + " · " + product
}

// words are the texts that app.js shows, as attributes of the body.
func words(ctx context.Context) templ.Attributes {
	return templ.Attributes{
		"data-text-copied":     t(ctx, "common.copied"),
		"data-text-copyfailed": t(ctx, "common.copy.failed"),
		"data-text-dismiss":    t(ctx, "common.dismiss"),
		"data-text-failed":     t(ctx, "errors.page.500.message"),
		"data-text-offline":    t(ctx, "errors.offline"),
		"data-text-lost":       t(ctx, "common.live.lost"),
		"data-text-uploading":  t(ctx, "common.file.uploading", "Percent", "%n"),
		"data-text-files":      t(ctx, "common.file.count", "Count", 2),
	}
}
