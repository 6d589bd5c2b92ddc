package engine

import (
	"strings"

	"sealdesk/internal/gateway"
)

// maskMobile shows 150****0702 (essbasic, FlowApproverInfo.Mobile).
func maskMobile(s string) string { return gateway.Mask(s) }

// maskNumber shows the first and the last character only: 4****************0.
func maskNumber(s string) string {
	r := []rune(s)
	if len(r) < 3 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:1]) + strings.Repeat("*", len(r)-2) + string(r[len(r)-1:])
}
