package api

// CreateSeal makes a seal from a picture or an uploaded file. With UserId it is that person's, else the organisation's that
// calls.
var CreateSeal = Action[CreateSealRequest, CreateSealResponse]{"CreateSeal"}

// CreateSealRequest is what CreateSeal takes.
type CreateSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// SealType is the kind of seal, one of the SealType constants.
	SealType string `json:"SealType" validate:"required,oneof=PERSONAL OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	SealName string `json:"SealName" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	// Image is the picture as base64, at most 8 MB. It wins over FileId.
	Image string `json:"Image,omitempty" validate:"required_without=FileId" mask:"binary"`
	// FileId is an uploaded file (BusinessType SEAL).
	FileId string `json:"FileId,omitempty"`
	// UserId makes it the seal of a person.
	UserId string `json:"UserId,omitempty"`
	// IsDefault makes it the default seal of its owner, in place of the one before.
	IsDefault bool `json:"IsDefault,omitempty"`
}

// CreateSealResponse is what CreateSeal answers.
type CreateSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// GenerateOrganizationSeal draws a seal for the organisation that calls, from its registered name.
var GenerateOrganizationSeal = Action[GenerateOrganizationSealRequest, GenerateOrganizationSealResponse]{"GenerateOrganizationSeal"}

// GenerateOrganizationSealRequest is what GenerateOrganizationSeal takes.
type GenerateOrganizationSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// SealType is the kind of seal, one of the SealType constants.
	SealType string `json:"SealType" validate:"required,oneof=OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	SealName string `json:"SealName,omitempty"`
	// SealHorizontalText stands across the seal, at most 8 characters; 电子签名专用章 where it is empty.
	SealHorizontalText string `json:"SealHorizontalText,omitempty" validate:"omitempty,max=8"`
	// IsDefault makes it the default seal of its owner, in place of the one before.
	IsDefault bool `json:"IsDefault,omitempty"`
}

// GenerateOrganizationSealResponse is what GenerateOrganizationSeal answers.
type GenerateOrganizationSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// GenerateUserSeal draws the signature of a person from their registered name. A person has at most one that was drawn.
var GenerateUserSeal = Action[GenerateUserSealRequest, GenerateUserSealResponse]{"GenerateUserSeal"}

// GenerateUserSealRequest is what GenerateUserSeal takes.
type GenerateUserSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	SealName string `json:"SealName,omitempty" mask:"name"`
	// IsDefault makes it the default seal of its owner, in place of the one before.
	IsDefault bool `json:"IsDefault,omitempty"`
}

// GenerateUserSealResponse is what GenerateUserSeal answers.
type GenerateUserSealResponse struct {
	SealId    string `json:"SealId"`
	RequestId string `json:"RequestId"`
}

// ModifySeal changes the name or the picture of a seal, never its kind.
var ModifySeal = Action[ModifySealRequest, ModifySealResponse]{"ModifySeal"}

// ModifySealRequest is what ModifySeal takes.
type ModifySealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	// SealId is the owner's default seal where it is empty.
	SealId   string `json:"SealId,omitempty"`
	SealName string `json:"SealName,omitempty"`
	// Image is the picture as base64, at most 8 MB. It wins over FileId.
	Image string `json:"Image,omitempty" mask:"binary"`
	// FileId is an uploaded file (BusinessType SEAL).
	FileId string `json:"FileId,omitempty"`
	// UserId says that the seal is a person's.
	UserId string `json:"UserId,omitempty"`
}

// ModifySealResponse is what ModifySeal answers.
type ModifySealResponse struct {
	RequestId string `json:"RequestId"`
}

// DeleteSeal deletes a seal. The default one of its owner cannot be deleted.
var DeleteSeal = Action[DeleteSealRequest, DeleteSealResponse]{"DeleteSeal"}

// DeleteSealRequest is what DeleteSeal takes.
type DeleteSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	SealId string `json:"SealId" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
	// UserId says that the seal is a person's.
	UserId string `json:"UserId,omitempty"`
}

// DeleteSealResponse is what DeleteSeal answers.
type DeleteSealResponse struct {
	RequestId string `json:"RequestId"`
}

// ModifyOrganizationDefaultSeal chooses the seal that an organisation uses where none is named.
var ModifyOrganizationDefaultSeal = Action[ModifyOrganizationDefaultSealRequest, ModifyOrganizationDefaultSealResponse]{"ModifyOrganizationDefaultSeal"}

// ModifyOrganizationDefaultSealRequest is what ModifyOrganizationDefaultSeal takes.
type ModifyOrganizationDefaultSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	SealId string `json:"SealId" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
}

// ModifyOrganizationDefaultSealResponse is what ModifyOrganizationDefaultSeal answers.
type ModifyOrganizationDefaultSealResponse struct {
	RequestId string `json:"RequestId"`
}

// ModifyUserDefaultSeal chooses the seal that a person uses where none is named.
var ModifyUserDefaultSeal = Action[ModifyUserDefaultSealRequest, ModifyUserDefaultSealResponse]{"ModifyUserDefaultSeal"}

// ModifyUserDefaultSealRequest is what ModifyUserDefaultSeal takes.
type ModifyUserDefaultSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	UserId string `json:"UserId" validate:"required"`
	SealId string `json:"SealId" validate:"required"`
	// SourceIp is the address of whoever asks for it.
	SourceIp string `json:"SourceIp" form:"-" validate:"required"`
}

// ModifyUserDefaultSealResponse is what ModifyUserDefaultSeal answers.
type ModifyUserDefaultSealResponse struct {
	RequestId string `json:"RequestId"`
}

// DescribeSeals reads seals by their ids, with a link to each picture.
var DescribeSeals = Action[DescribeSealsRequest, DescribeSealsResponse]{"DescribeSeals"}

// DescribeSealsRequest is what DescribeSeals takes.
type DescribeSealsRequest struct {
	Caller  Caller   `json:"Caller" form:"-" validate:"required"`
	SealIds []string `json:"SealIds" validate:"required,min=1,dive,required"`
	// UserId says that the seals are a person's.
	UserId string `json:"UserId,omitempty"`
}

// DescribeSealsResponse is what DescribeSeals answers.
type DescribeSealsResponse struct {
	Seals     []Seal `json:"Seals"`
	RequestId string `json:"RequestId"`
}
