package api

// CreateSeal: seal from a picture.
var CreateSeal = Action[CreateSealRequest, CreateSealResponse]{"CreateSeal"}

// CreateSealRequest is what CreateSeal takes.
type CreateSealRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	SealType  string `json:"SealType" validate:"required,oneof=PERSONAL OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	SealName  string `json:"SealName" validate:"required"`
	SourceIp  string `json:"SourceIp" form:"-" validate:"required"`
	Image     string `json:"Image,omitempty" validate:"required_without=FileId" mask:"binary"`
	FileId    string `json:"FileId,omitempty"`
	UserId    string `json:"UserId,omitempty"`
	IsDefault bool   `json:"IsDefault,omitempty"`
}

// CreateSealResponse is what CreateSeal answers.
type CreateSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// GenerateOrganizationSeal: draw an org seal from text.
var GenerateOrganizationSeal = Action[GenerateOrganizationSealRequest, GenerateOrganizationSealResponse]{"GenerateOrganizationSeal"}

// GenerateOrganizationSealRequest is what GenerateOrganizationSeal takes.
type GenerateOrganizationSealRequest struct {
	Caller             Caller `json:"Caller" form:"-" validate:"required"`
	SealType           string `json:"SealType" validate:"required,oneof=OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	SourceIp           string `json:"SourceIp" form:"-" validate:"required"`
	SealName           string `json:"SealName,omitempty"`
	SealHorizontalText string `json:"SealHorizontalText,omitempty" validate:"omitempty,max=8"`
	IsDefault          bool   `json:"IsDefault,omitempty"`
}

// GenerateOrganizationSealResponse is what GenerateOrganizationSeal answers.
type GenerateOrganizationSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// GenerateUserSeal: draw a personal signature from the registered name.
var GenerateUserSeal = Action[GenerateUserSealRequest, GenerateUserSealResponse]{"GenerateUserSeal"}

// GenerateUserSealRequest is what GenerateUserSeal takes.
type GenerateUserSealRequest struct {
	Caller    Caller `json:"Caller" form:"-" validate:"required"`
	UserId    string `json:"UserId" validate:"required"`
	SourceIp  string `json:"SourceIp" form:"-" validate:"required"`
	SealName  string `json:"SealName,omitempty" mask:"name"`
	IsDefault bool   `json:"IsDefault,omitempty"`
}

// GenerateUserSealResponse is what GenerateUserSeal answers.
type GenerateUserSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// ModifySeal: change picture or name.
var ModifySeal = Action[ModifySealRequest, ModifySealResponse]{"ModifySeal"}

// ModifySealRequest is what ModifySeal takes.
type ModifySealRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	SealId   string `json:"SealId,omitempty"`
	SealName string `json:"SealName,omitempty"`
	Image    string `json:"Image,omitempty" mask:"binary"`
	FileId   string `json:"FileId,omitempty"`
	UserId   string `json:"UserId,omitempty"`
}

// ModifySealResponse is what ModifySeal answers.
type ModifySealResponse struct {
	RequestId string `json:"RequestId"`
}

// DeleteSeal: delete a seal.
var DeleteSeal = Action[DeleteSealRequest, DeleteSealResponse]{"DeleteSeal"}

// DeleteSealRequest is what DeleteSeal takes.
type DeleteSealRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	SealId   string `json:"SealId" validate:"required"`
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	UserId   string `json:"UserId,omitempty"`
}

// DeleteSealResponse is what DeleteSeal answers.
type DeleteSealResponse struct {
	RequestId string `json:"RequestId"`
}

// ModifyOrganizationDefaultSeal: choose the org default.
var ModifyOrganizationDefaultSeal = Action[ModifyOrganizationDefaultSealRequest, ModifyOrganizationDefaultSealResponse]{"ModifyOrganizationDefaultSeal"}

// ModifyOrganizationDefaultSealRequest is what ModifyOrganizationDefaultSeal takes.
type ModifyOrganizationDefaultSealRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	SealId   string `json:"SealId" validate:"required"`
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
}

// ModifyOrganizationDefaultSealResponse is what ModifyOrganizationDefaultSeal answers.
type ModifyOrganizationDefaultSealResponse struct {
	RequestId string `json:"RequestId"`
}

// ModifyUserDefaultSeal: choose a user's default.
var ModifyUserDefaultSeal = Action[ModifyUserDefaultSealRequest, ModifyUserDefaultSealResponse]{"ModifyUserDefaultSeal"}

// ModifyUserDefaultSealRequest is what ModifyUserDefaultSeal takes.
type ModifyUserDefaultSealRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	UserId   string `json:"UserId" validate:"required"`
	SealId   string `json:"SealId" validate:"required"`
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
}

// ModifyUserDefaultSealResponse is what ModifyUserDefaultSeal answers.
type ModifyUserDefaultSealResponse struct {
	RequestId string `json:"RequestId"`
}

// DescribeSeals: read seals by id.
var DescribeSeals = Action[DescribeSealsRequest, DescribeSealsResponse]{"DescribeSeals"}

// DescribeSealsRequest is what DescribeSeals takes.
type DescribeSealsRequest struct {
	Caller  Caller   `json:"Caller" form:"-" validate:"required"`
	SealIds []string `json:"SealIds" validate:"required,min=1,dive,required"`
	UserId  string   `json:"UserId,omitempty"`
}

// DescribeSealsResponse is what DescribeSeals answers.
type DescribeSealsResponse struct {
	Seals     []Seal `json:"Seals"`
	RequestId string `json:"RequestId"`
}
