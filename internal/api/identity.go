package api

// CheckIdCardVerification tells whether a name and an identity card number belong together.
var CheckIdCardVerification = Action[CheckIdCardVerificationRequest, CheckIdCardVerificationResponse]{"CheckIdCardVerification"}

// CheckIdCardVerificationRequest is what CheckIdCardVerification takes.
type CheckIdCardVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckIdCardVerificationResponse is what CheckIdCardVerification answers.
type CheckIdCardVerificationResponse struct {
	// Result is 0 they agree, 1 they do not, 101 bad number, 102 bad name, 103 error of the platform, 104 number not on record.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckMobileAndName tells whether a mobile is registered in a name.
var CheckMobileAndName = Action[CheckMobileAndNameRequest, CheckMobileAndNameResponse]{"CheckMobileAndName"}

// CheckMobileAndNameRequest is what CheckMobileAndName takes.
type CheckMobileAndNameRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	Mobile string `json:"Mobile" validate:"required" mask:"mobile"`
	Name   string `json:"Name" validate:"required" mask:"name"`
}

// CheckMobileAndNameResponse is what CheckMobileAndName answers.
type CheckMobileAndNameResponse struct {
	// Result is 0 they agree, 1 no real name behind the mobile, 2 and 3 they differ, 101 no record, 102 bad name, 103 bad mobile,
	// 104 bad number, 105 not passed, 106 error of the platform.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckMobileVerification tells whether a mobile is registered in a name and identity card number.
var CheckMobileVerification = Action[CheckMobileVerificationRequest, CheckMobileVerificationResponse]{"CheckMobileVerification"}

// CheckMobileVerificationRequest is what CheckMobileVerification takes.
type CheckMobileVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	Mobile       string `json:"Mobile" validate:"required" mask:"mobile"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckMobileVerificationResponse is what CheckMobileVerification answers.
type CheckMobileVerificationResponse struct {
	// Result is 0 they agree, 1 no real name behind the mobile, 2 and 3 they differ, 101 no record, 102 bad name, 103 bad mobile,
	// 104 bad number, 105 not passed, 106 error of the platform.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard2EVerification tells whether a bank card is held under a name.
var CheckBankCard2EVerification = Action[CheckBankCard2EVerificationRequest, CheckBankCard2EVerificationResponse]{"CheckBankCard2EVerification"}

// CheckBankCard2EVerificationRequest is what CheckBankCard2EVerification takes.
type CheckBankCard2EVerificationRequest struct {
	Caller   Caller `json:"Caller" form:"-" validate:"required"`
	BankCard string `json:"BankCard" validate:"required" mask:"number"`
	Name     string `json:"Name" validate:"required" mask:"name"`
}

// CheckBankCard2EVerificationResponse is what CheckBankCard2EVerification answers.
type CheckBankCard2EVerificationResponse struct {
	// Result is 0 they agree, 1 they do not, 2 to 13 something about the card or its bank, 101 bad name, 102 bad card number, 103
	// centre busy, 104 bad identity number, 105 bad mobile.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard3EVerification tells whether a bank card is held under a name and identity card number.
var CheckBankCard3EVerification = Action[CheckBankCard3EVerificationRequest, CheckBankCard3EVerificationResponse]{"CheckBankCard3EVerification"}

// CheckBankCard3EVerificationRequest is what CheckBankCard3EVerification takes.
type CheckBankCard3EVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber" validate:"required" mask:"number"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCard3EVerificationResponse is what CheckBankCard3EVerification answers.
type CheckBankCard3EVerificationResponse struct {
	// Result is 0 they agree, 1 they do not, 2 to 13 something about the card or its bank, 101 bad name, 102 bad card number, 103
	// centre busy, 104 bad identity number, 105 bad mobile.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCard4EVerification tells whether a bank card is held under a name, identity card number and mobile. The last two are
// optional by the schema.
var CheckBankCard4EVerification = Action[CheckBankCard4EVerificationRequest, CheckBankCard4EVerificationResponse]{"CheckBankCard4EVerification"}

// CheckBankCard4EVerificationRequest is what CheckBankCard4EVerification takes.
type CheckBankCard4EVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCard4EVerificationResponse is what CheckBankCard4EVerification answers.
type CheckBankCard4EVerificationResponse struct {
	// Result is 0 they agree, 1 they do not, 2 to 13 something about the card or its bank, 101 bad name, 102 bad card number, 103
	// centre busy, 104 bad identity number, 105 bad mobile.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CheckBankCardVerification compares a bank card with as many of name, identity card number and mobile as are given.
var CheckBankCardVerification = Action[CheckBankCardVerificationRequest, CheckBankCardVerificationResponse]{"CheckBankCardVerification"}

// CheckBankCardVerificationRequest is what CheckBankCardVerification takes.
type CheckBankCardVerificationRequest struct {
	Caller       Caller `json:"Caller" form:"-" validate:"required"`
	BankCard     string `json:"BankCard" validate:"required" mask:"number"`
	Name         string `json:"Name" validate:"required" mask:"name"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	Mobile       string `json:"Mobile,omitempty" mask:"mobile"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
}

// CheckBankCardVerificationResponse is what CheckBankCardVerification answers.
type CheckBankCardVerificationResponse struct {
	// Result is 0 they agree, 1 they do not, 2 to 13 something about the card or its bank, 101 bad name, 102 bad card number, 103
	// centre busy, 104 bad identity number, 105 bad mobile.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	RequestId   string `json:"RequestId"`
}

// CreateFaceIdSign signs parameters for the face check service: the SHA-1, in 40 hexadecimal digits, of the sorted values and a
// ticket.
var CreateFaceIdSign = Action[CreateFaceIdSignRequest, CreateFaceIdSignResponse]{"CreateFaceIdSign"}

// CreateFaceIdSignRequest is what CreateFaceIdSign takes.
type CreateFaceIdSignRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// Values are the parameters to sign, with the user id and without the ticket.
	Values []string `json:"Values" validate:"required,min=1,dive,required" mask:"secret"`
}

// CreateFaceIdSignResponse is what CreateFaceIdSign answers.
type CreateFaceIdSignResponse struct {
	Sign      string `json:"Sign"`
	RequestId string `json:"RequestId"`
}

// CreateH5FaceIdUrl makes a link to the page where a person's face is checked. It returns to JumpUrl with code, orderNo and
// liveRate.
var CreateH5FaceIdUrl = Action[CreateH5FaceIdUrlRequest, CreateH5FaceIdUrlResponse]{"CreateH5FaceIdUrl"}

// CreateH5FaceIdUrlRequest is what CreateH5FaceIdUrl takes.
type CreateH5FaceIdUrlRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// WbAppId is the application at the face check service.
	WbAppId string `json:"WbAppId,omitempty"`
	Name    string `json:"Name,omitempty" mask:"name"`
	// IdCardType is the sort of paper that IdCardNumber stands on; see IDCardTypes.
	IdCardType   string `json:"IdCardType,omitempty" validate:"omitempty,oneof=ID_CARD"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	// JumpUrl is where the browser goes after the check.
	JumpUrl string `json:"JumpUrl,omitempty" mask:"url"`
	// JumpType is 1: to JumpUrl after the check.
	JumpType string `json:"JumpType,omitempty" validate:"omitempty,oneof=1"`
	// OpenFrom is where the page opens: browser or app.
	OpenFrom string `json:"OpenFrom,omitempty" validate:"omitempty,oneof=browser app"`
	// RedirectType is 1: in the same window.
	RedirectType string `json:"RedirectType,omitempty" validate:"omitempty,oneof=1"`
}

// CreateH5FaceIdUrlResponse is what CreateH5FaceIdUrl answers.
type CreateH5FaceIdUrlResponse struct {
	Url       string `json:"Url"`
	RequestId string `json:"RequestId"`
}

// CheckFaceIdentify tells whether a person passed a face check. Without a name they are compared with the operator.
var CheckFaceIdentify = Action[CheckFaceIdentifyRequest, CheckFaceIdentifyResponse]{"CheckFaceIdentify"}

// CheckFaceIdentifyRequest is what CheckFaceIdentify takes.
type CheckFaceIdentifyRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// VerifyChannel is WEIXINAPP, FACEID or None.
	VerifyChannel string `json:"VerifyChannel" validate:"required,oneofci=WEIXINAPP FACEID NONE"`
	// VerifyResult is the ticket of WEIXINAPP, or "{WbAppId}:{OrderNo}" for FACEID.
	VerifyResult string `json:"VerifyResult" validate:"required" mask:"secret"`
	Name         string `json:"Name,omitempty" mask:"name"`
	IdCardNumber string `json:"IdCardNumber,omitempty" mask:"number"`
	// GetPhoto asks for the photo too.
	GetPhoto bool `json:"GetPhoto,omitempty"`
}

// CheckFaceIdentifyResponse is what CheckFaceIdentify answers.
type CheckFaceIdentifyResponse struct {
	// Result is 0 when passed and 1 when not.
	Result      int64  `json:"Result"`
	Description string `json:"Description"`
	ChannelName string `json:"ChannelName"`
	// VerifiedOn is in Unix seconds.
	VerifiedOn int64 `json:"VerifiedOn"`
	// SerialNumber is the check's number at the channel.
	SerialNumber string `json:"SerialNumber"`
	// VerifyServerIp is the address of the server that did it.
	VerifyServerIp string `json:"VerifyServerIp"`
	PhotoFileName  string `json:"PhotoFileName"`
	// PhotoFileData is the photo as base64.
	PhotoFileData string `json:"PhotoFileData"`
	RequestId     string `json:"RequestId"`
}

// DescribeFaceIdResults reads the outcomes of face checks.
var DescribeFaceIdResults = Action[DescribeFaceIdResultsRequest, DescribeFaceIdResultsResponse]{"DescribeFaceIdResults"}

// DescribeFaceIdResultsRequest is what DescribeFaceIdResults takes.
type DescribeFaceIdResultsRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// WbAppId is the application at the face check service.
	WbAppId string `json:"WbAppId" validate:"required"`
	// OrderNumbers are at most 3 face checks.
	OrderNumbers []string `json:"OrderNumbers" validate:"required,min=1,max=3,dive,required"`
	// FileType says what comes with the outcome: 0 nothing, 1 video and photo, 2 photo, 3 video.
	FileType int64 `json:"FileType,omitempty" validate:"omitempty,oneof=1 2 3 0"`
}

// DescribeFaceIdResultsResponse is what DescribeFaceIdResults answers.
type DescribeFaceIdResultsResponse struct {
	Results   []FaceIdResult `json:"Results"`
	RequestId string         `json:"RequestId"`
}

// DescribeFaceIdPhotos reads the photos of face checks.
var DescribeFaceIdPhotos = Action[DescribeFaceIdPhotosRequest, DescribeFaceIdPhotosResponse]{"DescribeFaceIdPhotos"}

// DescribeFaceIdPhotosRequest is what DescribeFaceIdPhotos takes.
type DescribeFaceIdPhotosRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// WbAppId is the application at the face check service.
	WbAppId string `json:"WbAppId" validate:"required"`
	// OrderNumbers are at most 3 face checks.
	OrderNumbers []string `json:"OrderNumbers" validate:"required,min=1,max=3,dive,required"`
}

// DescribeFaceIdPhotosResponse is what DescribeFaceIdPhotos answers.
type DescribeFaceIdPhotosResponse struct {
	Photos    []FaceIdPhoto `json:"Photos"`
	RequestId string        `json:"RequestId"`
}
