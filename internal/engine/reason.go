package engine

import "strings"

// UncheckedMark ends the reason of a signature that was made by link alone (NONE): nobody looked at who held the link.
const UncheckedMark = "身份未经核验 identity was not checked"

// AccountMark stands before the account by which somebody signed, in the reason of the signature.
const AccountMark = "本人账号登录 signed in as"

// reasonBreak stands between the parts of a reason.
const reasonBreak = " · "

// IsUnchecked tells of a signature whether it was made by link alone, by its reason.
func IsUnchecked(reason string) bool { return strings.HasSuffix(reason, reasonBreak+UncheckedMark) }

// reason is what a signature says it was made for: the contract, that the world was simulated, the account that
// the signer had logged in to, and that the signer's identity was not checked.
func (e *Engine) reason(p *signing) string {
	reason := strings.ReplaceAll(p.flow.Name, UncheckedMark, "") // a name must not say it
	if e.simulate {
		reason = SimulatedMark + reasonBreak + reason
	}
	if p.account.ID != "" {
		reason += reasonBreak + AccountMark + " " + strings.ReplaceAll(p.account.Name, UncheckedMark, "")
	}
	if p.act.Channel == channelNone {
		reason += reasonBreak + UncheckedMark
	}
	return reason
}
