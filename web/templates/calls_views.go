package templates

import (
	"context"

	"sealdesk/internal/i18n"
)

func problemText(ctx context.Context, p Problem) string {
	if p.Rule == "" {
		return ""
	}
	return i18n.RuleText(ctx, p.Rule, p.Param)
}

// codeOptions offers codes of the wire as they are.
func codeOptions(codes []string) []Option {
	options := make([]Option, len(codes))
	for i, code := range codes {
		options[i] = Option{Value: code, Text: code}
	}
	return options
}

func callInputType(f CallField) string {
	if f.Kind == CallNumber {
		return "number"
	}
	return "text"
}

func callStep(f CallField) string {
	if f.Kind == CallNumber {
		return "any"
	}
	return ""
}

// callHint says what the rules of a field are.
func callHint(ctx context.Context, f CallField) string {
	switch {
	case f.Depends != "":
		return t(ctx, "calls.depends", "Field", f.Depends)
	case f.Max != "":
		return t(ctx, "validation.max", "Param", f.Max)
	}
	return ""
}
