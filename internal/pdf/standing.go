package pdf

// Standing is what the signatures in a file are worth, in one word.
type Standing string

// The standings, from good to bad.
const (
	StandingNone    Standing = "none"    // there are none
	StandingValid   Standing = "valid"   // all are genuine, trusted, and nothing was changed
	StandingUnknown Standing = "unknown" // not judged: an authority that is not known here, or a kind that cannot be checked
	StandingClosed  Standing = "closed"  // certified against every change: to sign it again takes the certification away
	StandingBroken  Standing = "broken"  // one is broken, was taken out, or what it signed was changed
)

// Standing sums a report up. What cannot be judged is never called broken.
func (r *Report) Standing() Standing {
	switch r.Problem {
	case ProblemNoSignature:
		return StandingNone
	case ProblemRemoved, ProblemNotCovered:
		return StandingBroken
	}
	out := StandingValid
	for i := range r.Signatures {
		out = worse(out, r.Signatures[i].Standing())
	}
	return out
}

// Standing sums up one signature, as Report.Standing does all.
func (s *SignatureReport) Standing() Standing {
	switch {
	case s.Problem == ProblemUnsupported, s.Problem == ProblemUntrusted, s.Problem == ProblemCertificate:
		return StandingUnknown
	case s.Problem != "":
		return StandingBroken
	case s.permission == certifiedNothing:
		return StandingClosed
	case !s.ChainTrusted:
		return StandingUnknown
	}
	return StandingValid
}

// worse keeps the worse of two standings.
func worse(a, b Standing) Standing {
	order := map[Standing]int{StandingValid: 0, StandingUnknown: 1, StandingClosed: 2, StandingBroken: 3}
	if order[b] > order[a] {
		return b
	}
	return a
}

// Covered is how many bytes of the file its last signature covers; 0 without one that can be read.
func (r *Report) Covered() int {
	if n := len(r.Signatures); n > 0 {
		return r.Signatures[n-1].end
	}
	return 0
}
