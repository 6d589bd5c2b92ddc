package signpages

import (
	"net/http"
	"strings"
	"testing"

	"sealdesk/internal/api"
)

// TestWhatIsSignedIsWhatWasShown: the sender adds a price while the signer's page is open. The form that the signer sends signs nothing
// until they have seen the contract as it is now, also where a wrong code or a missing tick had the page shown again in between.
func TestWhatIsSignedIsWhatWasShown(t *testing.T) {
	w := newWorld(t)
	flow := w.flow()
	path := w.send(flow, nil)
	seen := w.get(path).filled(t)
	w.send(flow, func(r *api.SendFlowUrlRequest) {
		r.SubOrganizationId = "" // another task of the same contract
		r.SignComponents = []api.Component{
			{ComponentId: "hand", ComponentType: api.ComponentTypeSignature, ComponentPage: 3, ComponentPosX: 90, ComponentPosY: 300, ComponentWidth: 119, ComponentHeight: 43},
			{ComponentId: "price", ComponentType: "TEXT", ComponentPage: 2, ComponentPosX: 90, ComponentPosY: 300, ComponentWidth: 300, ComponentHeight: 24,
				ComponentValue: "合同总价为人民币九十万元"},
		}
	})
	again := w.post(path+"/sign", seen) // the tick is missing, too
	for name, form := range map[string]map[string]string{
		"as it was":           {"Agree": "on"},
		"without saying what": {"Agree": "on", "Shown": ""},
	} {
		sent := w.get(path).filled(t)
		for key := range seen {
			sent[key] = seen[key]
		}
		for key, value := range form {
			sent.Set(key, value)
		}
		a := w.post(path+"/sign", sent)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "自您打开以来，合同内容有变化") {
			t.Errorf("%s: %d", name, a.status)
		}
		if a.doc != nil && a.doc.Find(`input[name="Agree"][checked]`).Length() != 0 {
			t.Errorf("%s: the tick for the other text stays", name)
		}
	}
	form := again.filled(t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("what was shown with the notice is not signed: %d", a.status)
	}
}
