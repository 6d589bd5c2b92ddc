package engine

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"sealdesk/internal/store"
)

// maxImport bounds a file with identities, in bytes.
const maxImport = 4 << 20

// identityColumns are the columns of a file with identities; a Chinese heading is understood too.
var identityColumns = []struct {
	name, chinese string
	field         func(*Identity) *string
}{
	{"name", "姓名", func(i *Identity) *string { return &i.Name }},
	{"id_card", "身份证号", func(i *Identity) *string { return &i.IDCard }},
	{"mobile", "手机号", func(i *Identity) *string { return &i.Mobile }},
	{"bank_card", "银行卡号", func(i *Identity) *string { return &i.BankCard }},
	{"id_card_result", "身份证结果", func(i *Identity) *string { return &i.IDCardResult }},
	{"mobile_result", "手机结果", func(i *Identity) *string { return &i.MobileResult }},
	{"bank_card_result", "银行卡结果", func(i *Identity) *string { return &i.BankCardResult }},
	{"face_result", "刷脸结果", func(i *Identity) *string { return &i.FaceResult }},
}

// byteOrderMark lets spreadsheets see that a file is UTF-8.
const byteOrderMark = "\ufeff"

// ImportIdentities reads a CSV file (UTF-8, a line of headings first, in any order) into the register, all of it or nothing. A row whose
// numbers are on the register already replaces that row. What is wrong with the file is an *IdentityError.
func (e *Engine) ImportIdentities(ctx context.Context, r io.Reader) (added, replaced int, err error) {
	if !e.simulate {
		return 0, 0, ErrNotSimulated
	}
	rows, err := e.readIdentities(r)
	if err != nil {
		return 0, 0, err
	}
	known, err := e.identities(ctx, `ORDER BY seq`)
	if err != nil {
		return 0, 0, err
	}
	byNumbers := map[[3]string]string{}
	for _, i := range known {
		byNumbers[i.numbers()] = i.ID
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		added, replaced = 0, 0
		for _, i := range rows {
			if i.ID = byNumbers[i.numbers()]; i.ID == "" {
				added++
			} else {
				replaced++
			}
			id, err := e.putIdentity(ctx, tx, i)
			if err != nil {
				return err
			}
			byNumbers[i.numbers()] = id
		}
		return e.record(ctx, tx, event{Action: "identity.import", ObjectType: "identity", Detail: map[string]any{"added": added, "replaced": replaced}})
	})
	if err != nil {
		return 0, 0, err
	}
	return added, replaced, nil
}

func (i *Identity) numbers() [3]string { return [3]string{i.IDCard, i.Mobile, i.BankCard} }

// readIdentities parses and checks a file.
func (e *Engine) readIdentities(r io.Reader) ([]Identity, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("read the identities: %w", err)
	}
	if len(data) > maxImport {
		return nil, &IdentityError{Rule: "full"}
	}
	lines := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(byteOrderMark))))
	lines.FieldsPerRecord, lines.TrimLeadingSpace = -1, true
	head, err := lines.Read()
	if err != nil {
		return nil, &IdentityError{Line: 1, Rule: "header"}
	}
	fields, err := identityFields(head)
	if err != nil {
		return nil, err
	}
	var out []Identity
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
			return nil, &IdentityError{Line: broken.Line, Rule: "form"}
		}
		if err != nil {
			return nil, fmt.Errorf("read the identities: %w", err)
		}
		line, _ := lines.FieldPos(0)
		i := Identity{}
		for at, value := range record {
			if at < len(fields) && fields[at] != nil {
				*fields[at](&i) = value
			}
		}
		i.normalize()
		err = i.check(e.now())
		if wrong := (*IdentityError)(nil); errors.As(err, &wrong) {
			wrong.Line = line
		}
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
}

// identityFields finds the field of each heading; other columns are left out.
func identityFields(head []string) ([]func(*Identity) *string, error) {
	fields, found := make([]func(*Identity) *string, len(head)), false
	for at, title := range head {
		title = strings.ToLower(strings.TrimSpace(title))
		for _, c := range identityColumns {
			if title == c.name || title == c.chinese {
				fields[at], found = c.field, true
			}
		}
	}
	if !found {
		return nil, &IdentityError{Line: 1, Rule: "header"}
	}
	return fields, nil
}

// ExportIdentities writes the register as a CSV file that ImportIdentities reads.
func (e *Engine) ExportIdentities(ctx context.Context, w io.Writer) error {
	all, err := e.identities(ctx, `ORDER BY seq`)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return fmt.Errorf("export the identities: %w", err)
	}
	out := csv.NewWriter(w)
	var head []string
	for _, c := range identityColumns {
		head = append(head, c.name)
	}
	records := [][]string{head}
	for _, i := range all {
		var record []string
		for _, c := range identityColumns {
			record = append(record, *c.field(&i))
		}
		records = append(records, record)
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("export the identities: %w", err)
	}
	return nil
}
