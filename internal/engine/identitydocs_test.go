package engine_test

import (
	"cmp"
	"os"
	"strings"
	"testing"

	"sealdesk/internal/engine"
)

// TestIdentitiesAreDocumented holds the table of docs/identity-tests.md, which the SDK tests read, to the register.
func TestIdentitiesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/identity-tests.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, i := range engine.TestIdentities() {
		cells := []string{i.Name, i.IDCard, i.Mobile, i.BankCard, i.IDCardResult, i.MobileResult, i.BankCardResult, i.FaceResult}
		for at := range cells {
			cells[at] = cmp.Or(cells[at], "–")
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
	}
	if table := strings.Join(lines, "\n"); !strings.Contains(string(data), table+"\n\n") {
		t.Errorf("the table of docs/identity-tests.md must be\n%s", table)
	}
}
