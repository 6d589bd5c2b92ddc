package templates

import (
	"context"

	"sealdesk/internal/i18n"
)

// faultText says what is wrong with a cell.
func faultText(ctx context.Context, f ImportFault) string { return i18n.RuleText(ctx, f.Rule, f.Param) }

// importState says in a sentence how far an import is.
func importState(ctx context.Context, d ImportProgress) string {
	switch {
	case d.NeedsFile:
		return t(ctx, "imports.state.file")
	case d.Open == 0 && d.Failed == 0:
		return t(ctx, "imports.state.all", "Count", d.Total)
	case d.Open == 0:
		return t(ctx, "imports.state.some", "Done", d.Done, "Failed", d.Failed)
	case d.Running:
		return t(ctx, "imports.state.running", "Done", d.Total-d.Open, "Total", d.Total)
	case d.Open == d.Total:
		return t(ctx, "imports.state.checked", "Count", d.Total)
	}
	return t(ctx, "imports.state.paused", "Done", d.Total-d.Open, "Total", d.Total)
}
