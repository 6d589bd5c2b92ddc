package templates

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// SignPage is a signer's page: the contract, and the form for the signer's part in it where there is one. Addresses are absolute paths;
// texts are already in the reader's language.
type SignPage struct {
	Name        string
	Description string
	Initiator   string
	Deadline    time.Time
	Badge       SignBadge
	Notice      *Flash // what has happened, or why nothing can be done
	Message     string // a reason that somebody gave, below the notice
	Continue    string // where the sender wants the signer to go on; empty for nowhere
	Parties     []TimelineItem
	Files       []SignFile
	Form        *SignForm // nil: nothing to do here
}

// SignBadge is the state of the contract for this reader.
type SignBadge struct{ Kind, Text string }

// SignFile is one file of the contract.
type SignFile struct {
	Name     string
	Download string
	Pages    []SignDocPage
}

// SignDocPage is the picture of one page with what lies on it, in points.
type SignDocPage struct {
	Number        int // from 1
	Picture       string
	Width, Height float64
	First         bool // of all pages
	Lazy          bool // fetch only when it comes near
	Marks         []SignMark
}

// SignMark is a box where this signer's seal, signature or date will lie, in points from the top left of the page.
type SignMark struct {
	ID                  string // of the element, to jump to
	Group               string // name of the SignGroup that decides what lies here; empty for a date
	Label               string // such as "seal, page 2"
	Text                string // shown in the box
	Picture             string // of the chosen seal; empty for none yet
	X, Y, Width, Height float64
}

// SignForm is the signer's part.
type SignForm struct {
	Sign, Reject, Code string // addresses that the buttons post to
	Signer             string // who signs, and for whom
	Shown              string // names the bytes that the page shows
	Groups             []SignGroup
	Dates              bool // the date is filled in by itself
	Channels           []Option
	Channel            string
	Checks             []SignCheck
	Told               string // address that tells a script which checks are passed
	NeedsCode          bool   // one of the channels is a code by text message
	CodeHint           string // where the code goes
	CodeValue          string
	Account            string // by which the signer has logged in; empty for none
	Unchecked          bool   // signing by link alone is one of the ways
	Simulated          string // the message that simulation shows in place; empty for none
	Agreed             bool
	Reason             string
	Rejecting          bool // open the part for refusing
	FullText           bool // all pages must have been seen
	ReadFor            time.Duration
	Problems           map[string]string // message by name of the field
}

// SignCheck is a check of the signer that has a page of its own.
type SignCheck struct {
	Channel string // as in Channels
	Address string // posting to it begins the check
	Label   string // of the button
	Passed  bool
}

// CheckField is the name under which a problem of a check is told.
func CheckField(channel string) string { return "Check." + channel }

// What the buttons of a check's page send as Outcome.
const (
	CheckPass = "pass"
	CheckFail = "fail"
)

// PersonCheckPage is the page that stands in for a face check or for WeChat.
type PersonCheckPage struct {
	Channel      string
	Title        string
	StandIn      string // says plainly what this page is
	Name, Number string // of the person; the number masked
	Address      string // where the buttons post to
	Pass, Fail   string // texts of the buttons
	Waiting      bool
	Outcome      *Flash
	Ticket       string // what it gives a program; empty unless passed
	Jump         string // where the caller wants the reader to go on
	FromContract bool   // a contract waits in another tab
}

// SignGroup is a choice that counts for one or several boxes: which seal, or a signature by hand.
type SignGroup struct {
	Name      string // of the radio buttons
	Legend    string
	Places    string // where the boxes are
	Seals     []SignSeal
	Hand      string // name of the field for the drawing; empty where no signing by hand is possible
	HandTaken bool   // by hand is the choice
	Drawing   string // PNG as base64, kept after a problem
}

// SignSeal is one seal to choose.
type SignSeal struct {
	ID, Name, Picture string
	Default, Chosen   bool
}

// SignHand is the value of a group's radio buttons that means "by hand".
const SignHand = "hand"

func (f SignForm) problem(name string) string { return f.Problems[name] }

func (f SignForm) reading() templ.Attributes {
	attributes := templ.Attributes{}
	if f.ReadFor > 0 {
		attributes["data-read-seconds"] = strconv.Itoa(int(f.ReadFor.Seconds()))
	}
	if f.FullText {
		attributes["data-full-text"] = "true"
	}
	return attributes
}

// firstMark is where the signer's first box lies, empty for none.
func (p SignPage) firstMark() string {
	for _, file := range p.Files {
		for _, page := range file.Pages {
			if len(page.Marks) > 0 {
				return page.Marks[0].ID
			}
		}
	}
	return ""
}

func (p SignDocPage) viewBox() string { return "0 0 " + points(p.Width) + " " + points(p.Height) }

// points writes a measure without needless digits.
func points(v float64) string { return strconv.FormatFloat(v, 'f', -1, 32) }

// markTarget is where a click on a box leads.
func (m SignMark) target() string {
	if m.Group == "" {
		return "#sign"
	}
	return "#" + groupID(m.Group)
}

func groupID(name string) string { return "g-" + strings.ReplaceAll(name, ".", "-") }

// sealID makes the ids of the radio buttons of a group distinct.
func sealChoiceID(group string, index int) string {
	return fmt.Sprintf("%s-%d", groupID(group), index)
}
