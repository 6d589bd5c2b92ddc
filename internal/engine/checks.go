package engine

import (
	"context"
	"strconv"

	"sealdesk/internal/api"
	numbers "sealdesk/internal/identity"
)

// element is one thing that a check compares with a row of the register.
type element struct{ given, found string }

// differ tells that something was given and is not what the register says.
func (l element) differ() bool { return l.given != "" && l.given != l.found }

// person is what a check is asked about; what is empty is not compared.
type person struct{ name, idCard, mobile, bankCard string }

func personOf(name, idCard, mobile, bankCard string) person {
	i := Identity{Name: name, IDCard: idCard, Mobile: mobile, BankCard: bankCard}
	i.normalize()
	return person{i.Name, i.IDCard, i.Mobile, i.BankCard}
}

// best picks the row that agrees with most of what is asked about; of equal ones the first.
func (p person) best(rows []Identity) Identity {
	best, most := Identity{}, -1
	for _, r := range rows {
		n := 0
		for _, same := range []bool{numbers.SameName(p.name, r.Name), p.idCard == r.IDCard, p.mobile == r.Mobile, p.bankCard == r.BankCard} {
			n += flag(same)
		}
		if n > most {
			best, most = r, n
		}
	}
	return best
}

// byNumber reads the rows with a number.
func (e *Engine) byNumber(ctx context.Context, column, value string) ([]Identity, error) {
	return e.identities(ctx, `WHERE `+column+`_index = $1 ORDER BY seq`, e.identityIndex(column, value))
}

// wanted turns a wanted result into a number; given says that there was one.
func wanted(text string) (code int64, given bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	if text == resultError {
		return 0, true, fail(api.CodeInternalErrorApi, "the register cannot be reached (wanted for this identity)")
	}
	code, err = strconv.ParseInt(text, 10, 64)
	return code, true, err
}

// checkIDCard compares a name and a citizen's number with the register.
func (e *Engine) checkIDCard(ctx context.Context, p person) (int64, error) {
	if numbers.CheckName(p.name) != nil {
		return idCardBadName, nil
	}
	if _, err := numbers.ParseIDCard(p.idCard, e.now()); err != nil {
		return idCardBadNumber, nil
	}
	rows, err := e.byNumber(ctx, "id_card", p.idCard)
	if err != nil || len(rows) == 0 {
		return idCardNoRecord, err
	}
	row := p.best(rows)
	if code, given, err := wanted(row.IDCardResult); given {
		return code, err
	}
	if !numbers.SameName(p.name, row.Name) {
		return idCardDiffers, nil
	}
	return checkPassed, nil
}

// checkMobile compares a mobile, a name and, where it is given, a citizen's number.
func (e *Engine) checkMobile(ctx context.Context, p person) (int64, error) {
	if numbers.CheckName(p.name) != nil {
		return mobileBadName, nil
	}
	if numbers.CheckMobile(p.mobile) != nil {
		return mobileBadMobile, nil
	}
	if _, err := numbers.ParseIDCard(p.idCard, e.now()); p.idCard != "" && err != nil {
		return mobileBadIDCard, nil
	}
	rows, err := e.byNumber(ctx, "mobile", p.mobile)
	if err != nil || len(rows) == 0 {
		return mobileNoRecord, err
	}
	row := p.best(rows)
	code, given, err := wanted(row.MobileResult)
	switch {
	case given:
		return code, err
	case row.Name == "":
		return mobileNoName, nil
	case !numbers.SameName(p.name, row.Name):
		return mobileNameDiffers, nil
	case element{p.idCard, row.IDCard}.differ():
		return mobileDataDiffer, nil
	default:
		return checkPassed, nil
	}
}

// checkBankCard compares a card, a name and, where they are given, a citizen's number and a mobile.
func (e *Engine) checkBankCard(ctx context.Context, p person) (int64, error) {
	if numbers.CheckName(p.name) != nil {
		return bankCardBadName, nil
	}
	if numbers.CheckBankCard(p.bankCard) != nil {
		return bankCardBadNumber, nil
	}
	if _, err := numbers.ParseIDCard(p.idCard, e.now()); p.idCard != "" && err != nil {
		return bankCardBadIDCard, nil
	}
	if p.mobile != "" && numbers.CheckMobile(p.mobile) != nil {
		return bankCardBadMobile, nil
	}
	rows, err := e.byNumber(ctx, "bank_card", p.bankCard)
	if err != nil || len(rows) == 0 {
		return bankCardUnknown, err
	}
	row := p.best(rows)
	code, given, err := wanted(row.BankCardResult)
	switch {
	case given:
		return code, err
	case !numbers.SameName(p.name, row.Name):
		return bankCardDiffers, nil
	case element{p.idCard, row.IDCard}.differ(), element{p.mobile, row.Mobile}.differ():
		return bankCardHolderDiffers, nil
	default:
		return checkPassed, nil
	}
}

func (e *Engine) checkIDCardVerification(ctx context.Context, req *api.CheckIdCardVerificationRequest) (*api.CheckIdCardVerificationResponse, error) {
	code, err := e.checkIDCard(ctx, personOf(req.Name, req.IdCardNumber, "", ""))
	if err != nil {
		return nil, err
	}
	return &api.CheckIdCardVerificationResponse{Result: code, Description: idCardResults[code]}, nil
}

func (e *Engine) checkMobileAndName(ctx context.Context, req *api.CheckMobileAndNameRequest) (*api.CheckMobileAndNameResponse, error) {
	code, err := e.checkMobile(ctx, personOf(req.Name, "", req.Mobile, ""))
	if err != nil {
		return nil, err
	}
	return &api.CheckMobileAndNameResponse{Result: code, Description: mobileResults[code]}, nil
}

func (e *Engine) checkMobileVerification(ctx context.Context, req *api.CheckMobileVerificationRequest) (*api.CheckMobileVerificationResponse, error) {
	code, err := e.checkMobile(ctx, personOf(req.Name, req.IdCardNumber, req.Mobile, ""))
	if err != nil {
		return nil, err
	}
	return &api.CheckMobileVerificationResponse{Result: code, Description: mobileResults[code]}, nil
}

func (e *Engine) checkBankCard2E(ctx context.Context, req *api.CheckBankCard2EVerificationRequest) (*api.CheckBankCard2EVerificationResponse, error) {
	code, err := e.checkBankCard(ctx, personOf(req.Name, "", "", req.BankCard))
	if err != nil {
		return nil, err
	}
	return &api.CheckBankCard2EVerificationResponse{Result: code, Description: bankCardResults[code]}, nil
}

func (e *Engine) checkBankCard3E(ctx context.Context, req *api.CheckBankCard3EVerificationRequest) (*api.CheckBankCard3EVerificationResponse, error) {
	code, err := e.checkBankCard(ctx, personOf(req.Name, req.IdCardNumber, "", req.BankCard))
	if err != nil {
		return nil, err
	}
	return &api.CheckBankCard3EVerificationResponse{Result: code, Description: bankCardResults[code]}, nil
}

func (e *Engine) checkBankCard4E(ctx context.Context, req *api.CheckBankCard4EVerificationRequest) (*api.CheckBankCard4EVerificationResponse, error) {
	code, err := e.checkBankCard(ctx, personOf(req.Name, req.IdCardNumber, req.Mobile, req.BankCard))
	if err != nil {
		return nil, err
	}
	return &api.CheckBankCard4EVerificationResponse{Result: code, Description: bankCardResults[code]}, nil
}

func (e *Engine) checkBankCardVerification(ctx context.Context, req *api.CheckBankCardVerificationRequest) (*api.CheckBankCardVerificationResponse, error) {
	code, err := e.checkBankCard(ctx, personOf(req.Name, req.IdCardNumber, req.Mobile, req.BankCard))
	if err != nil {
		return nil, err
	}
	return &api.CheckBankCardVerificationResponse{Result: code, Description: bankCardResults[code]}, nil
}
