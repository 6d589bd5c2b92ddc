package engine

import "strings"

// UncheckedMark ends the reason of a signature that was made by link alone (NONE): nobody looked at who held the link.
const UncheckedMark = "身份未经核验 identity was not checked"

// reasonBreak stands between the parts of a reason.
const reasonBreak = " · "

// IsUnchecked tells of a signature whether it was made by link alone, by its reason.
func IsUnchecked(reason string) bool { return strings.HasSuffix(reason, reasonBreak+UncheckedMark) }

// reason is what a signature says it was made for: the contract, that the world was simulated, and that the signer's identity was not checked.
func (e *Engine) reason(p *signing) string {
	reason := strings.ReplaceAll(p.flow.Name, UncheckedMark, "") // a name must not say it
	if e.simulate {
		reason = SimulatedMark + reasonBreak + reason
	}
	if p.act.Channel == channelNone {
		reason += reasonBreak + UncheckedMark
	}
	return reason
}
