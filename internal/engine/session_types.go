package engine

import "time"

// Session is what a signer's page shows: the contract, the person's part in it and what may be done.
type Session struct {
	Kind     LinkKind  // LinkSign or LinkPreview; a preview has no Approver
	Deadline time.Time // of the link

	FlowID          string
	FlowName        string
	FlowDescription string
	FlowType        string
	FlowStatus      FlowStatus
	FlowMessage     string // reason of a rejection or withdrawal
	FlowDeadline    time.Time
	Shown           string // names the very bytes that the page shows; give it back with SessionSign
	Initiator       string // name of the initiating organisation, else of the person

	Files      []SessionFile
	Parties    []SessionParty // every approver, in the order of sending
	Components []SessionComponent
	Approver   *SessionApprover
	Seals      []SessionSeal // seals that this approver may use, default first

	// CanSign says that the approver may sign or reject now.
	CanSign bool
}

// SessionFile is one file of the flow.
type SessionFile struct {
	Index int // 0-based
	Name  string
	Size  int64 // bytes
	Pages []SessionPageSize
}

// SessionPageSize is the size of a page as shown, in points.
type SessionPageSize struct{ WidthPt, HeightPt float64 }

// SessionParty is one approver as every other one may see them.
type SessionParty struct {
	Name         string
	Organization string
	Status       ApproverStatus
	ActedAt      time.Time // zero until they acted
}

// SessionApprover is the person whose link this is.
type SessionApprover struct {
	SignID         string
	UserID         string
	Name           string
	OrganizationID string
	Organization   string // name; empty for a person on their own behalf
	Mobile         string // masked; empty when none is known
	Status         ApproverStatus
	Message        string
	ActedAt        time.Time
	Deadline       time.Time
	VerifyChannels []string
	Account        string        // by which this signer has logged in to sign, as the page finds out; empty for none
	IsFullText     bool          // must page through the whole text before signing
	PreReadTime    time.Duration // must read for so long before signing
	JumpURL        string        // where to go after signing; may be empty
	IsLast         bool
}

// SessionComponent is one component of the flow, in points from the top left of its page as shown.
type SessionComponent struct {
	ID        string
	Type      string // SIGN_SEAL, SIGN_SIGNATURE, SIGN_DATE, TEXT, DATE, SELECT
	Name      string
	Required  bool
	FileIndex int // 0-based
	Page      int // from 1
	X, Y      float64
	Width     float64
	Height    float64
	Value     string // of a fill component
	SealID    string // seal set at sending: the only one; may be empty
	SealType  string // the one kind of seal that may be used; may be empty
	Mine      bool   // belongs to this approver
	Done      bool   // filled, stamped or signed already
	Placeable bool   // SealOperate 1: may be shown for placing
}

// SessionSeal is a seal or signature that the approver may use.
type SessionSeal struct {
	ID       string
	Name     string
	Type     string
	Personal bool
	Default  bool
	WidthMM  float64
	HeightMM float64
}

// SessionSign is the approver's act on the signing page.
type SessionSign struct {
	Seals         map[string]string // component id → seal id
	Handwriting   map[string][]byte // component id → PNG
	Message       string
	Shown         string // Session.Shown of the page that the signer saw; other bytes are refused with ErrOtherContent
	VerifyChannel string // one of Session.Approver.VerifyChannels
	VerifyResult  string // the six-digit code for VERIFYCODE, empty for NONE
	IP            string
	UserAgent     string
}

// SessionReject is the approver's refusal.
type SessionReject struct {
	Reason        string
	VerifyChannel string
	VerifyResult  string
	IP            string
	UserAgent     string
}
